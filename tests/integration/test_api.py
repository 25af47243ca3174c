"""The functions of the package: what their docstrings show is what they do."""

import doctest
import subprocess
import sys

import pytest

import exporter

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("toy")]

# Each works on what those before it made.
FUNCTIONS = (
    *("export", "verify", "convert", "evaluate", "contract_lock", "contract_check"),
    *("package", "publish", "serve"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from support import labelled

    folder = tmp_path_factory.mktemp("api")
    labelled.write_folders(folder / "photos", labelled.encoded_images(4), [0, 1, 0, 1], "ab")
    return folder


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_of_a_docstring(name, folder, monkeypatch):
    from exporter.releases.serve import host

    monkeypatch.chdir(folder)
    monkeypatch.setattr(host, "serve", lambda catalog, listening: None)  # until a signal comes
    # The toy network is as good as another, and smaller.
    text = getattr(exporter, name).__doc__.replace("mobilenet_v3_small_075_224", "toy_100_32")
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    assert len(test.examples) >= 3
    told = []
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert (failed, tried) == (0, len(test.examples)), "".join(told)


def test_an_example_that_is_wrong_fails():
    test = doctest.DocTestParser().get_doctest(">>> 1\n2\n", {}, "wrong", None, 0)
    assert doctest.DocTestRunner().run(test, out=lambda _: None).failed == 1


def test_every_function_has_an_example():
    choices = ("named", "source", "variant_of")
    functions = {n for n in exporter.__all__ if n.islower() and not n.endswith(choices)}
    assert functions - {"model_handle"} == set(FUNCTIONS)


def test_importing_it_imports_nothing_heavy():
    program = (
        "import exporter, sys\n"
        "for name in exporter.__all__: assert getattr(exporter, name).__doc__, name\n"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="module 'exporter' has no attribute 'train'"):
        exporter.train  # noqa: B018
