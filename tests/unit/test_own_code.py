"""Modules of one's own: found in PYTHONPATH or the current folder, and blamed for their errors."""

import sys
from pathlib import Path

import pytest
import tensorflow as tf

from slim_nets.network import NetworkError
from slim_nets.own_code import blamed, loaded

MODULES = {
    "own_broken": ("import no_such_module", "found ModuleNotFoundError: No module named 'no_such"),
    "own_typo": ("def net(:\n", "found SyntaxError: invalid syntax"),
    "own_ends": (
        "import argparse\nargparse.ArgumentParser().parse_args(['x'])\n",
        "found SystemExit: 2",
    ),
    "own_raises": ("x = 1\nraise OSError('disk')\n", "own_raises.py:2 in <module>: `raise OSErr"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_current_folder_is_looked_in_last(folder):
    (folder / "own_here.py").write_text("def net(): return 'here'\n")
    (folder / "support.py").write_text("raise OSError\n")
    assert loaded("own_here:net", "--network")() == "here"
    assert loaded("support.graph_networks:bare", "--network").__name__ == "bare"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_cannot_be_imported(folder, name):
    content, message = MODULES[name]
    (folder / f"{name}.py").write_text(content)
    with pytest.raises(NetworkError) as caught:
        loaded(f"{name}:net", "--network")
    assert message in str(caught.value)
    assert str(caught.value).endswith("Mend the module.")


@pytest.mark.parametrize("own", ["netrc.py", "checkpoints/nets.py"])
def test_a_module_that_another_of_its_name_hides(folder, own):
    (folder / own).parent.mkdir(exist_ok=True)
    (folder / own).write_text("def net(): pass\n")
    module = own.removesuffix(".py").replace("/", ".")
    expected = f"Rename '{Path(own).parts[0]}' in the current folder, before which comes '/"
    with pytest.raises(NetworkError, match=expected):
        loaded(f"{module}:net", "--network")


def test_what_code_prints_is_no_output_of_a_command(folder, capsys):
    (folder / "own_prints.py").write_text("print('module')\ndef net(): print('function')\n")
    with blamed("It fails"):
        loaded("own_prints:net", "--network")()
    assert capsys.readouterr() == ("", "module\nfunction\n")


def test_code_that_would_end_the_process_is_blamed():
    expected = r"It fails, found SystemExit: 0 \(.*Mend the function"
    with pytest.raises(NetworkError, match=expected), blamed("It fails"):
        sys.exit(0)


def test_a_module_that_turns_a_part_of_tensorflow_2_off(folder):
    (folder / "own_part.py").write_text(
        "import tensorflow.compat.v1 as tf\ntf.disable_resource_variables()\ndef net(): pass\n"
    )
    loaded("own_part:net", "--network")
    assert tf.compat.v1.resource_variables_enabled()


@pytest.mark.parametrize("module", ["nowhere", "nowhere.nets", "support.nowhere"])
def test_a_module_that_is_not_there(module):
    with pytest.raises(
        NetworkError, match=f"expected module '{module}' in PYTHONPATH or"
    ) as caught:
        loaded(f"{module}:net", "--arg_scope")
    assert str(caught.value).endswith("Set PYTHONPATH, or change --arg_scope.")


@pytest.mark.full
def test_a_module_that_turns_tensorflow_2_off(folder, run_python):
    """As scripts for TensorFlow 1 do when they are imported."""
    (folder / "own_old.py").write_text(
        "import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\ndef net(): pass\n"
    )
    program = (
        "import sys; sys.path.append(sys.argv[1])\n"
        "from slim_nets.own_code import loaded\n"
        "loaded('own_old:net', '--network')\n"
        "import tensorflow as tf; print(float(tf.Variable(2.0).numpy()))"
    )
    assert run_python(program, folder) == 2.0
