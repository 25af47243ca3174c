"""Where memory is short: one line that says so, and nothing half-written."""

import resource
import types

import pytest

from exporter import __main__, quiet
from exporter.errors import ConversionError, ExporterError, is_of_memory


@pytest.fixture
def limited(monkeypatch):
    """Has the system say how many addresses a process may have."""

    def limit(most):
        monkeypatch.setattr(resource, "getrlimit", lambda _: (most, resource.RLIM_INFINITY))

    return limit


def test_too_few_addresses_for_tensorflow(limited, monkeypatch):
    monkeypatch.delitem(quiet.sys.modules, "tensorflow", raising=False)
    limited(3_000_000 << 10)  # as of ulimit -v 3000000
    least = quiet.LEAST_ADDRESSES >> 20
    with pytest.raises(ExporterError) as caught:
        quiet.import_tensorflow()
    assert str(caught.value) == (
        f"Memory is limited too far: expected at least {least} MiB of addresses for each process,"
        " found 2929. Raise the limit, as by 'ulimit -v unlimited'."
    )


@pytest.mark.parametrize("most", [quiet.LEAST_ADDRESSES, resource.RLIM_INFINITY])
def test_enough(limited, most):
    limited(most)
    quiet._check_addresses()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "MemoryError"),
        (MemoryError("Unable to allocate 9 GiB for an array"), "Unable to allocate 9 GiB for"),
        (RuntimeError("std::bad_alloc"), "std::bad_alloc"),
        (RuntimeError("can't start new thread"), "can't start new thread"),
    ],
)
def test_memory_that_runs_out_is_told_in_one_line(error, said, capsys):
    def command(_):
        raise error

    assert __main__._run(types.SimpleNamespace(command=command, time_limit=None)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"slim-export: Memory ran out: expected room for more, found {said}")
    assert line.endswith("; nothing is left half-written.")


def test_other_errors_are_bugs():
    def command(_):
        raise KeyError("x")

    with pytest.raises(KeyError):
        __main__._run(types.SimpleNamespace(command=command))
    assert not is_of_memory("ResourceWarning: a file")


@pytest.mark.integration
@pytest.mark.parametrize("command", ["export", "verify", "convert"])
def test_a_limited_command_says_so_and_leaves_nothing(command, slim_export_process, tmp_path):
    model = tmp_path / "model"
    if command != "export":
        model.mkdir()
        (model / "saved_model.pb").touch()
    flags = {
        "export": ("--variant=toy_100_32", "--task=feature_vector", "--checkpoint=seeded:0"),
        "verify": (f"--model_dir={model}", f"--report_dir={tmp_path / 'out'}"),
        "convert": (f"--model_dir={model}", "--format=frozen"),
    }[command]
    output = () if command == "verify" else (f"--output_dir={tmp_path / 'out'}",)

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (3_000_000 << 10, 3_000_000 << 10))

    result = slim_export_process(command, *flags, *output, preexec_fn=limit)
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("slim-export: Memory is limited too far: expected at least")
    assert not (tmp_path / "out").exists()
    assert {path.name for path in tmp_path.iterdir()} <= {"model"}


def test_a_converter_without_memory(monkeypatch):
    from pathlib import Path

    from exporter.converters.converting import _refusal

    refusal = _refusal(Path("m"), "onnx", MemoryError())
    assert isinstance(refusal, ConversionError)
    assert str(refusal).endswith("Nothing was written; free some memory and try again.")
