"""Makes small releases by hand, of any bytes."""

import gzip
import io
import json
import random
import tarfile
from pathlib import Path

from exporter.digests import of_files, of_folder

HANDLE = "google/imagenet/tiny_100_32/feature_vector/5"
PAGE = """# Module {handle}

Feature vectors of images.

<!-- asset-path: internal -->
<!-- license: apache-2.0 -->

## Usage

```python
features = hub.KerasLayer("https://tfhub.dev/{handle}", trainable=False)(images)
```
"""


def make_release(folder, *, handle=HANDLE, model=3000, page=PAGE, report=None, versions=None):
    """Writes a release of a SavedModel's folder, or of so many bytes in place of one."""
    folder.mkdir(parents=True)
    if isinstance(model, int):
        model = make_model(folder.parent / f".{folder.name}.model", size=model)
    version = handle.rpartition("/")[2]
    (folder / "model.tar.gz").write_bytes(archive_of(model))
    (folder / f"{version}.md").write_text(page.format(handle=handle))
    (folder / "report.json").write_text(json.dumps(report or {"checks": []}))
    (folder / "report.html").write_text("<!DOCTYPE html><p>Report</p>")
    (folder / "contract.json").write_text("{}")
    write_manifest(folder, handle=handle, model=model, versions=versions)
    return folder


def write_manifest(folder, *, handle=HANDLE, model, versions=None):
    """Writes the manifest of what lies in a folder."""
    manifest = {
        "handle": handle,
        "variant": "tiny_100_32",
        "task": "feature_vector",
        "image_size": 32,
        "model_digest": of_folder(model),
        "model": {n: described(model / n) for n in names_below(model)},
        "files": {n: described(folder / n) for n in names_below(folder) if n != "manifest.json"},
        "checkpoint": {"name": "seeded:0", "sha256": "0" * 64, "trained": False},
        "verification": {
            "reference": "the original graph",
            "allowance": "exact",
            "checks": {"outputs": 3},
            "differing": 0,
            "max_abs": 0.0,
        },
        "versions": versions or {"tensorflow": "2.21.0"},
        "rebuild": "slim-export export",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))


def make_model(folder, *, size):
    """Writes files that are called as a SavedModel's are."""
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables/variables.index").write_bytes(b"index")
    (folder / "variables/variables.data-00000-of-00001").write_bytes(
        random.Random(0).randbytes(size)
    )
    return folder


def archive_of(model):
    """Packs a folder as TensorFlow Hub hosts models."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w") as tar,
    ):
        # tensorflow_hub makes no folders that the archive does not name.
        for path in sorted(model.rglob("*")):
            member = tarfile.TarInfo(f"./{path.relative_to(model).as_posix()}")
            if path.is_dir():
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(member)
            else:
                member.size = path.stat().st_size
                tar.addfile(member, io.BytesIO(path.read_bytes()))
    return packed.getvalue()


def names_below(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def contents(folder):
    """Reads all files below a folder."""
    return {name: (Path(folder) / name).read_bytes() for name in names_below(folder)}


def described(path):
    return {"sha256": of_files([path]), "size": path.stat().st_size}
