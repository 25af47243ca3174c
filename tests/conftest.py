"""What all tests share: which of them run, the published files, and exports made once a session."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, settings
from support import short_network, suite
from support.command_line import ROOT, called, fresh_environment, in_a_process
from support.compared_here import convert_here
from support.every_format import convert_all

SHARED = ROOT.parent / "shared"
# Networks of one's own, which every process imports.
os.environ["SLIM_EXPORT_NETWORKS"] = "support.toy_network,support.short_network"
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "tests")])

# Read when TensorFlow's library is loaded, which whoever imports it first may do.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# How fast examples are made says nothing: the first ones wait for a table of all characters.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="run the tests marked `full` as well")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config, items):
    config.stash[suite.COLLECTED] = {item.path for item in items}
    suite.skip_without_published_files(items, SHARED)
    suite.group_what_is_made_once(items)
    suite.leave_for_full(config, items)


def pytest_make_parametrize_id(val):
    """Cuts names of tests that would be longer than a line, since some parameters are."""
    return repr(val[:80]) if isinstance(val, str | bytes) and len(val) > 80 else None


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left"] = session.config.stash.get(suite.LEFT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Every worker has left the same tests."""
    node.config.stash[suite.LEFT] = getattr(node, "workeroutput", {}).get("left", 0)


def pytest_terminal_summary(terminalreporter, config):
    if left := config.stash.get(suite.LEFT, 0):
        terminalreporter.write_line(f"{left} tests were left for --full.")


@pytest.fixture(scope="session", autouse=True)
def reports_in_a_cache_of_their_own(tmp_path_factory):
    """What is verified here must not fill the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared():
    return SHARED


@pytest.fixture(scope="session")
def real_checkpoint(shared):
    return shared / "checkpoints/v3-small_224_0.75_float/ema/model-497500"


@pytest.fixture(scope="session")
def published_model(shared):
    return shared / "original/mobilenet_v3_small_075_224_feature_vector_5"


@pytest.fixture(scope="session")
def classifier_checkpoint(shared):
    return shared / "checkpoints/mobilenet_v1_0.25_128/mobilenet_v1_0.25_128.ckpt"


@pytest.fixture(scope="session")
def published_classifier(shared):
    return shared / "original/mobilenet_v1_025_128_classification_4"


@pytest.fixture(scope="session")
def slim_export():
    """Calls a command in this process; in a fresh one if an option would have no effect here.

    Those are the options of `subprocess.run`, and variables that are read when Python or a
    library starts.
    """

    def run(*arguments, **options):
        at_start = [
            n for n in options.get("env") or {} if n.startswith(("PYTHON", "TF_", "KERAS_"))
        ]
        here = options.keys() <= {"env", "cwd"} and not at_start
        return (called if here else in_a_process)(*arguments, **options)

    return run


@pytest.fixture(scope="session")
def run(slim_export):
    """Calls a command, and returns what its `--json` says; its error if it says nothing."""

    def done(command, *arguments, status=0):
        result = slim_export(command, *arguments, "--json")
        assert result.returncode == status, result.stderr
        return json.loads(result.stdout) if result.stdout else result.stderr

    return done


@pytest.fixture(scope="session")
def slim_export_process():
    """Runs a command in a fresh process, where the process itself is what is tested."""
    return in_a_process


@pytest.fixture(scope="session")
def export(slim_export):
    """Exports, and returns what `--json` says of it."""
    return exporting(slim_export)


@pytest.fixture(scope="session")
def export_process(slim_export_process):
    """The same in a fresh process, of which no sound may be heard."""
    return exporting(slim_export_process)


def exporting(command):
    def run(variant, task, checkpoint, output_dir, *flags, **options):
        result = command(
            "export",
            f"--variant={variant}",
            f"--task={task}",
            f"--checkpoint={checkpoint}",
            f"--output_dir={output_dir}",
            "--json",
            *flags,
            **options,
        )
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
        return json.loads(result.stdout)

    return run


@pytest.fixture(scope="session")
def real_export(export_process, real_checkpoint, tmp_path_factory):
    """The export of the real weights, verified, as a user makes it."""
    folder = tmp_path_factory.mktemp("real") / "model"
    said = export_process("mobilenet_v3_small_075_224", "feature_vector", real_checkpoint, folder)
    assert said["verification"]["passed"]
    return folder


@pytest.fixture(scope="session")
def classifier_export(export, classifier_checkpoint, tmp_path_factory):
    """The export of real weights with logits, for images of any size; not verified."""
    folder = tmp_path_factory.mktemp("classifier") / "model"
    flags = ("--verify=false",)
    export("mobilenet_v1_025_128", "classification", classifier_checkpoint, folder, *flags)
    return folder


@pytest.fixture(scope="session")
def small_export(export, tmp_path_factory):
    """A seeded export of the network that most tests use, not verified."""
    folder = tmp_path_factory.mktemp("small") / "model"
    export(short_network.VARIANT, "feature_vector", "seeded:0", folder, "--verify=false")
    return folder


@pytest.fixture(scope="session")
def run_python():
    """Runs a program in a fresh process and returns what it prints as JSON."""

    def run(program, *arguments, env=None):
        result = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=fresh_environment({"TF_CPP_MIN_LOG_LEVEL": "3", **(env or {})}),
            timeout=600,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout.strip().splitlines()[-1])

    return run


@pytest.fixture(scope="session")
def toy_export(export, tmp_path_factory):
    """A seeded export of the toy network, not verified."""
    folder = tmp_path_factory.mktemp("toy") / "model"
    export("toy_100_32", "feature_vector", "seeded:0", folder, "--verify=false")
    return folder


@pytest.fixture
def converts_here(monkeypatch):
    """Has models converted in this process, where it is not their processes that are tested."""
    convert_here(monkeypatch)


@pytest.fixture(scope="session")
def toy_conversions(slim_export, toy_export, shared, tmp_path_factory):
    """That export in every format, most without processes: their folder, and the tables printed."""
    folder = tmp_path_factory.mktemp("toy_conversions")
    return folder, convert_all(slim_export, toy_export, folder, shared)


@pytest.fixture(scope="session")
def real_conversions(slim_export, real_export, shared, tmp_path_factory):
    """The same of the export of the real weights."""
    folder = tmp_path_factory.mktemp("real_conversions")
    return folder, convert_all(slim_export, real_export, folder, shared)
