"""Nothing is packaged without its passed report; a release says what it holds."""

import json
import shutil

import pytest
from support.reports import WHOLE

from exporter import digests, releasing
from exporter.contract import contract_lock
from exporter.errors import ExporterError, PublishError
from exporter.releases import archive, checked_release, handle, manifest, scan
from exporter.releases.passed import passed_report
from exporter.releases.verify_release import verify_release
from exporter.releases.writing import PackageRequest, write_release
from exporter.releasing import package
from exporter.verifier.report import kept as store
from exporter.verifier.report.records import GROUPS, Check
from slim_nets.registry import variants

HANDLE = handle.parse("google/imagenet/mobilenet_v3_small_075_224/feature_vector/5")


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def digest(tiny_model):
    return digests.of_folder(tiny_model)


def test_release_holds_all_that_it_says(release, tiny_model, digest, tmp_path):
    told = manifest.load(release)
    assert sorted(path.name for path in release.iterdir()) == [
        *("5.md", "contract.json", "manifest.json", "model.tar.gz", "report.html", "report.json")
    ]
    assert set(told.files) == {
        "5.md",
        "contract.json",
        "model.tar.gz",
        "report.html",
        "report.json",
    }
    for name, file in told.files.items():
        assert archive.file(release / name) == file
    assert told.model == archive.unpacked(release / "model.tar.gz", tmp_path / "unpacked")
    assert told.model_digest == digest == archive.digest(told.model)
    assert (told.handle, told.variant) == (str(HANDLE), "mobilenet_v3_small_075_224")
    assert (told.checkpoint.name, told.checkpoint.trained) == ("seeded:0", False)
    assert told.checkpoint.archive_url is None
    assert told.verification.checks == dict.fromkeys(GROUPS, 1)
    assert told.verification.reference == "the original graph with checkpoint 'seeded:0'"


def test_manifest_is_sorted_and_has_nothing_of_this_machine(release, tmp_path):
    text = (release / "manifest.json").read_text()
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n"
    for path in release.iterdir():
        content = path.read_bytes()
        assert b"/home/me" not in content
        assert str(tmp_path).encode() not in content


def test_again_elsewhere_gives_the_same_bytes(release, tiny_model, tmp_path, passed, digest):
    copy = tmp_path / "a copy" / "of the model"
    shutil.copytree(tiny_model, copy)
    store.put(passed(digest).named("/elsewhere", "another name for the original"))
    again = package(PackageRequest(copy, HANDLE, tmp_path / "again")).folder
    assert digests.of_folder(again) == digests.of_folder(release)


def test_contract_is_written_and_listed(tiny_model, passed, digest, tmp_path):
    store.put(passed(digest))
    request = PackageRequest(tiny_model, HANDLE, tmp_path / "release")
    made = package(request)
    locked = (made.folder / "contract.json").read_text()
    assert locked == contract_lock(tiny_model).to_json()
    assert "contract.json" in made.manifest.files


def test_published_checkpoint_is_named_with_its_archive(
    tiny_model, passed, digest, origin, tmp_path
):
    store.put(passed(digest, origin=origin("v3-small_224_0.75_float/ema/model-497500")))
    made = package(PackageRequest(tiny_model, HANDLE, tmp_path / "release")).manifest
    assert made.checkpoint.trained
    assert made.checkpoint.archive_url.endswith("/v3-small_224_0.75_float.tgz")
    assert made.checkpoint.archive_sha256.startswith("fffd2e43")
    assert "--checkpoint=published" in made.rebuild


@pytest.mark.parametrize(
    "change", [{"published": False}, {"variant": variants()["mobilenet_v3_small_100_224"]}]
)
def test_a_name_alone_makes_no_weights_published(
    tiny_model, passed, digest, origin, tmp_path, change
):
    known = origin("v3-small_224_0.75_float/ema/model-497500", **change)
    store.put(passed(digest, origin=known))
    named = handle.parse("somebody/features/1")
    made = package(PackageRequest(tiny_model, named, tmp_path / "release"))
    assert made.manifest.checkpoint.archive_url is None
    page = (made.folder / "1.md").read_text()
    assert "% top-1" not in page
    assert "storage.googleapis.com" not in page


def test_without_a_report(tiny_model):
    with pytest.raises(
        PublishError,
        match=r"has no passed report: expected one for sha256 [0-9a-f]{64}, found none. Run"
        r" 'slim-export verify' with --checkpoint, --variant and --task",
    ):
        passed_report(tiny_model)


FAR_OFF = Check(group="outputs", name="b", status="warning", values=3, differing=3, max_abs=9.0)
FAILED = Check(group="weights", name="a", status="failed")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"digest": "0" * 64}, "is of another model: expected sha256 .*, found 0000"),
        ({"digest": ""}, "is of another model: expected sha256 .*, found none"),
        ({"checks": (FAILED,)}, "is not passed: expected no failures, found 1 in 1 checks"),
        ({"checks": ()}, "is not passed: expected no failures, found 0 in 0 checks"),
        ({"checks": WHOLE[:1]}, "is not of a whole comparison: .*, found none of dropout, end poi"),
        ({"checks": (*WHOLE, FAR_OFF)}, "contradicts itself: expected numbers within .*found .* b"),
        ({"origin": None}, "does not say where the model came from.*with --checkpoint"),
    ],
)
def test_reports_that_do_not_do(tiny_model, passed, digest, tmp_path, change, message):
    report = passed(**({"digest": digest} | change))
    (tmp_path / "report.json").write_text(report.model_dump_json())
    with pytest.raises(PublishError, match=message):
        passed_report(tiny_model, tmp_path)


def test_report_folder_that_cannot_be_read(tiny_model, tmp_path):
    with pytest.raises(PublishError, match=r"report\.json' cannot be read: No such file"):
        passed_report(tiny_model, tmp_path)
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(PublishError, match="it is no report of this version"):
        passed_report(tiny_model, tmp_path)


def test_report_of_other_bytes(tiny_model, passed, digest, tmp_path):
    store.put(passed(digest))
    copy = tmp_path / "model"
    shutil.copytree(tiny_model, copy)
    (copy / "fingerprint.pb").write_bytes(b"other")
    with pytest.raises(PublishError, match="has no passed report"):
        package(PackageRequest(copy, HANDLE, tmp_path / "release"))
    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "google/mobilenet_v3_small_075_224/classification/5",
            "expected feature_vector, found cla",
        ),
        ("google/mobilenet_v3_small_100_224/feature_vector/5", "expected mobilenet_v3_small_075"),
    ],
)
def test_handle_of_another_model(tiny_model, passed, digest, tmp_path, name, message):
    store.put(passed(digest))
    with pytest.raises(PublishError, match=message):
        package(PackageRequest(tiny_model, handle.parse(name), tmp_path / "release"))


@pytest.mark.parametrize(
    "asset_path", ["https://github.com/a/m.tar.gz", "https://a.org/m.zip", "x -->.tar.gz"]
)
def test_asset_path_that_hub_refuses(tiny_model, passed, digest, tmp_path, asset_path):
    store.put(passed(digest))
    request = PackageRequest(tiny_model, HANDLE, tmp_path / "release", asset_path=asset_path)
    with pytest.raises(PublishError, match=r"Page '5\.md' .* Change --asset_path"):
        package(request)
    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize(
    "base_url",
    [
        *("models.example.org", "https://a.b/", "ftp://a.b", "https://a.b/?x=1"),
        *('https://a.b/"); evil("', "https://a.b\n", "https://", "https://a b", "https://me@a.b"),
    ],
)
def test_base_url_that_nothing_could_be_loaded_from(tiny_model, tmp_path, base_url):
    request = PackageRequest(tiny_model, HANDLE, tmp_path / "release", base_url=base_url)
    with pytest.raises(PublishError, match=r"(?s)Base URL .* is malformed.* Change --base_url"):
        package(request)
    assert not (tmp_path / "release").exists()


def test_base_url_is_on_the_page_and_in_the_manifest(tiny_model, passed, digest, tmp_path):
    store.put(passed(digest))
    url = "https://models.example.org:8443/hub"
    made = package(PackageRequest(tiny_model, HANDLE, tmp_path / "release", base_url=url))
    assert made.manifest.base_url == url
    page = (made.folder / made.manifest.page_name).read_text()
    assert f'"{url}/{HANDLE}"' in page
    assert "tfhub.dev" not in page
    verify_release(made.folder).raise_if_failed()
    told = json.loads((made.folder / "manifest.json").read_text())
    told["base_url"] = "https://elsewhere.example.org"
    (made.folder / "manifest.json").write_text(json.dumps(told))
    problems = [(problem.what, problem.detail) for problem in verify_release(made.folder).problems]
    assert problems == [("5.md", "it is not the page of this report and model")]


def test_model_that_changes_meanwhile(tiny_model, passed, digest, tmp_path, monkeypatch):
    copy = tmp_path / "model"
    shutil.copytree(tiny_model, copy)
    store.put(passed(digest))
    check = scan.check
    change = lambda folder: (check(folder), (copy / "fingerprint.pb").write_bytes(b"x"))  # noqa: E731
    monkeypatch.setattr("exporter.releases.scan.check", change)
    with pytest.raises(PublishError, match="changed while it was packaged"):
        package(PackageRequest(copy, HANDLE, tmp_path / "release"))
    assert not (tmp_path / "release").exists()


def test_unsafe_model(tiny_model, passed, tmp_path):
    from tensorflow.core.protobuf import saved_model_pb2

    copy = tmp_path / "model"
    shutil.copytree(tiny_model, copy)
    model = saved_model_pb2.SavedModel.FromString((copy / "saved_model.pb").read_bytes())
    model.meta_graphs[0].graph_def.node.add(name="evil", op="MatchingFiles")
    (copy / "saved_model.pb").write_bytes(model.SerializeToString())
    store.put(passed(digests.of_folder(copy)))
    with pytest.raises(PublishError, match="found 'MatchingFiles' in meta graph 0, node 'evil'"):
        package(PackageRequest(copy, HANDLE, tmp_path / "release"))
    assert not (tmp_path / "release").exists()


def test_target_that_is_taken(release, tiny_model):
    with pytest.raises(ExporterError, match="exists already"):
        package(PackageRequest(tiny_model, HANDLE, release))
    assert package(PackageRequest(tiny_model, HANDLE, release, overwrite=True)).folder == release


def test_a_model_that_is_replaced_meanwhile(monkeypatch, tiny_model, passed, digest, tmp_path):
    store.put(passed(digest))
    model = shutil.copytree(tiny_model, tmp_path / "model")

    def written(*arguments):
        made = write_release(*arguments)
        model.rename(tmp_path / "away")
        shutil.copytree(tiny_model, model)
        return made

    monkeypatch.setattr(releasing, "write_release", written)
    with pytest.raises(PublishError, match=r"changed while it was read: .* that were replaced"):
        package(PackageRequest(model, HANDLE, tmp_path / "release"))
    assert not (tmp_path / "release").exists()


def test_a_release_that_changes_while_it_is_published(release):
    kept = {path.name: path.read_bytes() for path in release.iterdir()}
    with checked_release.opened(release) as checked:
        for path in release.iterdir():
            path.write_bytes(b"tampered")
        assert {n: (checked.folder / n).read_bytes() for n in checked.names} == kept


def test_a_link_that_takes_a_signatures_place_is_not_published(release, tmp_path, monkeypatch):
    """Nothing but the check of its files would see that: no manifest has its digest."""
    (release / "model.sig").write_text("{}")
    (tmp_path / "secret").write_text("secret")
    checked = checked_release.check_release

    def check_release(folder):
        told = checked(folder)
        (folder / "model.sig").unlink()
        (folder / "model.sig").symlink_to(tmp_path / "secret")
        return told

    monkeypatch.setattr(checked_release, "check_release", check_release)
    with (
        pytest.raises(PublishError, match=r"found added 'model\.sig' \(no regular file\)"),
        checked_release.opened(release),
    ):
        pass
