"""The verifier of an export, in this process, and in one of its own that ends early."""

import os
from dataclasses import replace

import pytest
from support import short_network

from checkpoints.names import RestoreOptions
from exporter.archives import FetchOptions
from exporter.errors import VerificationError
from exporter.restore import restore
from exporter.sources import Seeded
from exporter.verifier.export_verifier import verified_export, verifier
from exporter.verifier.report.reference import original
from slim_nets.registry import variants

pytestmark = pytest.mark.numerics

VARIANT = variants()[short_network.VARIANT]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    local = Seeded(0).open(VARIANT, tmp_path_factory.mktemp("seeded"), FetchOptions())
    return original(restore(local, VARIANT, "feature_vector", RestoreOptions()))


@pytest.fixture
def running():
    session = verified_export()
    assert next(session) is None
    yield session
    session.close()


def test_an_export_is_compared(running, reference, export, tmp_path):
    assert running.send(reference) is None
    export(VARIANT.name, "feature_vector", "seeded:0", tmp_path / "m", "--verify=false")
    report = running.send(tmp_path / "m")
    assert report.passed
    assert report.origin == reference.origin
    assert {check.group for check in report.checks} >= {"weights", "outputs", "training"}


def test_a_model_that_is_not_there(running, reference, tmp_path):
    assert running.send(reference) is None
    with pytest.raises(
        VerificationError,
        match=r"^SavedModel could not be verified: Model '.*' is not a SavedModel: .* Nothing was"
        r" written; report this, or export with --verify=false\.$",
    ):
        running.send(tmp_path / "none")


def test_a_checkpoint_that_is_not_there(running, reference, tmp_path):
    other = replace(reference, subject=replace(reference.subject, prefix=tmp_path / "none"))
    with pytest.raises(VerificationError, match=r"^SavedModel could not be verified: .*none"):
        running.send(other)


class Ending:
    """Ends the process that reads it."""

    def __reduce__(self):
        return os._exit, (3,)


def test_a_process_that_ends_early(tmp_path):
    with (
        verifier() as running,
        pytest.raises(
            VerificationError,
            match=r"^Verification ended before it was done: expected an answer, found that its"
            r" process ended with status 3 \(.*\)\. Run again with --verbosity=1 for all that it"
            r" said, and report that, or export with --verify=false\.$",
        ),
    ):
        running.prepare(Ending())
        running.compare(tmp_path)
