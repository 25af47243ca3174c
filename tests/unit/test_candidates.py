"""What there is to measure: conversions, and others' ports."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exporter import digests
from exporter.bench import candidates, peers
from exporter.bench.measured_model import MeasuredModel
from exporter.errors import BenchmarkError
from slim_nets.registry import variants

SCRIPTS = Path(__file__).parents[2] / "scripts"
PEERS = [SCRIPTS / "peer_keras_applications.py", SCRIPTS / "peer_timm.py"]
SMALL = MeasuredModel(
    ways=("__call__",),
    others=(),
    inputs={"inputs": np.zeros((224, 224, 3), np.float32)},
    network=(variants()["mobilenet_v3_small_075_224"], "feature_vector"),
)


def test_all_formats_that_are_there_are_found(tmp_path):
    _, out = written(tmp_path)
    (out / "notes").mkdir()
    (found,) = candidates.of_formats(out).candidates
    assert (found.name, found.kind, found.size) == ("frozen", "format", 5)
    assert found.path == str(out / "frozen/frozen.pb")


def written(folder):
    """Makes what looks like a model and its conversion."""
    model, out = folder / "model", folder / "out"
    for path in (model / "saved_model.pb", out / "frozen/frozen.pb"):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"12345")
    said = {
        "digest": digests.of_folder(out / "frozen"),
        "reference_digest": digests.of_folder(model),
    }
    (out / "frozen/report.json").write_text(json.dumps(said))
    return model, out


@pytest.mark.parametrize(
    ("changed", "content", "expected"),
    [
        ("model/saved_model.pb", "other", "was made of another model: expected sha256"),
        ("out/frozen/frozen.pb", "other", "was changed after it was verified: expected sha256"),
        ("out/frozen/report.json", "{}", "has no report: .*, found 'reference_digest'"),
        ("out/frozen/report.json", "[", "has no report"),
        ("out/frozen/report.json", None, "has no report: .*, found No such file"),
    ],
)
def test_what_was_not_made_of_the_model_is_refused(tmp_path, changed, content, expected):
    model, out = written(tmp_path)
    if content is None:
        (tmp_path / changed).unlink()
    else:
        (tmp_path / changed).write_text(content)
    with pytest.raises(BenchmarkError, match=expected):
        candidates.check_made_of(candidates.of_formats(out), model)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], "has no conversions: expected folders named frozen.*, found nothing"),
        (["other/file"], "has no conversions: .*, found other"),
        (["frozen/other.pb"], "is incomplete: expected 'frozen.pb' in it, found other.pb"),
    ],
)
def test_folders_without_conversions_are_refused(tmp_path, files, expected):
    for name in files:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    with pytest.raises(BenchmarkError, match=expected):
        candidates.of_formats(tmp_path)


def test_peers_that_are_not_there_are_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    found = peers.of_peers([*PEERS, PEERS[0]], SMALL).candidates
    assert [one.what for one in found] == list(map(str, PEERS))
    assert [one.name for one in found] == ["Keras Applications", "timm, channels last"]
    assert [one.packages for one in found] == [("keras",), ("timm", "torch")]
    edge = replace(SMALL, network=(variants()["mobilenet_edgetpu_100_224"], "feature_vector"))
    keras, timm = peers.of_peers(PEERS, edge).notes
    assert "does not have this network, mobilenet_edgetpu_100_224." in keras
    assert "does not have this network" in timm
    unknown = replace(SMALL, network=None)
    assert "none of the known ones" in peers.of_peers(PEERS, unknown).notes[0]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    notes = peers.of_peers(PEERS, SMALL).notes
    assert notes[1].endswith("it is not installed. Run: pip install timm torch.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "TITLE = 'x'\nPACKAGES = ()",
            "is incomplete: .*, found no has, build. Add what is missing",
        ),
        ("import no_such_package", "cannot be loaded: No module named 'no_such_package'. Mend it"),
        ("def", "cannot be loaded: invalid syntax"),
        (
            "TITLE, PACKAGES, build = '', (), None\ndef has(v, t): 1 / 0",
            "cannot be loaded: division by zero. Mend it, or leave it out of --peer",
        ),
    ],
)
def test_peers_whose_file_fails_are_refused(tmp_path, text, expected):
    (tmp_path / "peer.py").write_text(text)
    with pytest.raises(BenchmarkError, match=expected):
        peers.of_peers([tmp_path / "peer.py"], SMALL)


def test_peers_compute_on_the_only_input(tmp_path):
    # Called as the package that it imports.
    path = tmp_path / "numpy.py"
    path.write_text(
        "import numpy\nTITLE = 'sums'\nPACKAGES = ('numpy',)\n"
        "def has(variant, task): return task == 'feature_vector'\n"
        "def build(variant, task, threads):\n"
        "    return lambda images: numpy.full([len(images), variant.image_size[0]], threads)\n"
    )
    (candidate,) = peers.of_peers([path], SMALL).candidates
    with peers.opened(candidate, SMALL, 2) as run:
        np.testing.assert_array_equal(run({"inputs": np.ones(3)})[""], np.full([3, 224], 2))
    other = replace(SMALL, network=(SMALL.network[0], "classification"))
    assert peers.of_peers([path], other).candidates == ()
