"""Networks of one's own, which the environment names."""

import json
from pathlib import Path

import pytest
from support import toy_network

from exporter.verifier.report.records import Origin
from slim_nets import registry

# As the first of two tests in one process would have imported it already.
MODULES = {
    "lacks": ("", "found module 'lacks' has no attribute 'NETWORKS'"),
    "number": ("NETWORKS = 3", "is no tuple of networks: expected records"),
    "others": ("NETWORKS = ('toy',)", "found ('toy',). Mend the module"),
    "missing": ("import no_such_module", "found No module named 'no_such_module'. Correct SLIM"),
    "ends": (
        "import sys\nprint('ends')\nsys.exit()",
        "ends.py:3 in <module>: `sys.exit()`). Correct",
    ),
    "repeats": (
        "from support.toy_network import NETWORKS",
        "Network 'toy' of module 'repeats' has a name that is taken",
    ),
}


@pytest.fixture
def named(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)

    def name(modules):
        monkeypatch.setenv("SLIM_EXPORT_NETWORKS", modules)
        return registry.networks.__wrapped__()

    return name


@pytest.mark.parametrize("name", MODULES)
def test_modules_that_do_not_serve(named, tmp_path, capsys, name):
    content, message = MODULES[name]
    (tmp_path / f"{name}.py").write_text(content)
    with pytest.raises(registry.NetworkError) as caught:
        named(f"support.toy_network, {name}")
    assert message in str(caught.value)
    assert capsys.readouterr().out == ""


def test_a_module_that_is_not_there(named):
    with pytest.raises(registry.NetworkError, match="No module named 'nowhere'"):
        named("nowhere")


def test_spaces_and_commas_too_many(named):
    assert "toy" in named(" support.toy_network , ,")
    assert "toy" not in named(",")


def test_other_processes_find_what_this_one_finds(run_python):
    """Also where nobody has asked for a network before."""
    program = "import json; from slim_nets.own_networks import *; print(json.dumps(own_folders()))"
    assert run_python(program) == [str(Path(toy_network.__file__).parents[1])]


def test_a_report_of_a_network_that_is_not_known_here():
    """It is read, and no one is blamed; only who needs the network is told."""
    variant = {"family": "somebodys", "depth_multiplier": 1.0, "image_size": [32, 32]}
    origin = {
        "variant": variant,
        "task": "classification",
        "checkpoint": "model.ckpt",
        "checkpoint_sha256": "1" * 64,
        "trained": True,
        "published": False,
        "restoring": {},
    }
    read = Origin.model_validate_json(json.dumps(origin))
    assert read.variant.name == "somebodys_100_32"
    with pytest.raises(registry.NetworkError, match=r"'somebodys' is not known here.*Set SLIM"):
        read.variant.shape("classification")
