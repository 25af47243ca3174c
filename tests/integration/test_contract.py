"""`slim-export contract`: from the command line, on published and on broken models."""

import json
import os
import shutil
from xml.etree import ElementTree as ET

import pytest

from exporter import quiet

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    quiet.import_tensorflow()
    from support.small_models import Small

    return Small().save(tmp_path_factory.mktemp("small") / "model")


@pytest.fixture(scope="module")
def retuned(small, tmp_path_factory):
    """The same with another default momentum."""
    from support.mutating import edited

    return edited(small, tmp_path_factory.mktemp("retuned") / "model", retune)


def retune(graph):
    nodes = graph.object_graph_def.nodes
    (call,) = [c.node_id for c in nodes[0].children if c.local_name == "__call__"]
    argspec = nodes[call].function.function_spec.fullargspec.named_tuple_value.values
    (defaults,) = [pair.value for pair in argspec if pair.key == "defaults"]
    defaults.tuple_value.values[2].float64_value = 0.9


@pytest.fixture(scope="module")
def lock(slim_export, small, tmp_path_factory):
    path = tmp_path_factory.mktemp("lock") / "contract.json"
    result = slim_export("contract", "lock", f"--model_dir={small}", f"--lock={path}")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"{path}: 1 signature, 4 traces, 7 variables" in result.stdout
    return path


@pytest.fixture
def check(slim_export, lock):
    def run(folder, *flags, **options):
        return slim_export(
            "contract", "check", f"--model_dir={folder}", f"--lock={lock}", *flags, **options
        )

    return run


def test_unchanged(check, small):
    result = check(small)
    assert (result.returncode, result.stderr) == (0, "")
    assert "Contract is kept for any consumer: 0 differences" in result.stdout


def test_changed(check, retuned, tmp_path):
    junit = tmp_path / "contract.xml"
    result = check(retuned, "--json", f"--junit={junit}", env={"GITHUB_ACTIONS": "true"})
    assert result.returncode == 1
    said = json.loads(result.stdout)
    (broken,) = [d for d in said["differences"] if "BREAKING" in d["classes"].values()]
    assert (said["passed"], broken["rule"]) == (False, "C39")
    assert broken["subject"] == "__call__: argument 'batch_norm_momentum'"
    assert broken["classes"]["keras_layer"] == "COSMETIC"
    annotation, verdict = result.stderr.splitlines()
    assert annotation.startswith("::error title=C39 __call__%3A argument 'batch_norm_momentum'::")
    assert verdict.startswith("slim-export: Contract is broken for any consumer: 1 of ")
    assert ET.parse(junit).getroot().get("failures") == "1"


def test_for_a_consumer_and_accepted(check, retuned, tmp_path):
    assert check(retuned, "--consumer=serving").returncode == 0
    accepted = tmp_path / "accepted.json"
    entry = {
        "rule": "C39",
        "subject": "__call__: argument 'batch_norm_momentum'",
        "reason": "small batches",
        "date": "2026-01-31",
    }
    accepted.write_text(json.dumps([entry]))
    result = check(retuned, f"--accept={accepted}")
    assert (result.returncode, result.stderr) == (0, "")
    assert "1 of them accepted" in result.stdout
    accepted.write_text(json.dumps([{**entry, "rule": "C38"}]))
    result = check(retuned, f"--accept={accepted}")
    assert result.returncode == 1
    assert "match nothing" in result.stderr


def test_no_values_are_needed(check, small, tmp_path):
    copy = shutil.copytree(small, tmp_path / "model")
    (copy / "variables/variables.data-00000-of-00001").unlink()
    assert "C81" not in check(copy, "--json").stdout


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def two_graphs(path):
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    model.meta_graphs.add().CopyFrom(model.meta_graphs[0])
    path.write_bytes(model.SerializeToString())


def change_graph(path, change):
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    change(model.meta_graphs[0])
    path.write_bytes(model.SerializeToString())


def point_nowhere(graph):
    graph.signature_def["serving_default"].inputs["inputs"].name = "nowhere:0"


BROKEN = {
    "no SavedModel": ("saved_model.pb", os.unlink, "is not a SavedModel: expected a folder with"),
    "truncated": ("saved_model.pb", truncated, "is damaged: expected a SavedModel's protobuf"),
    "empty": ("saved_model.pb", lambda p: p.write_bytes(b""), "has 0 meta graphs: expected one"),
    "two graphs": (
        "saved_model.pb",
        two_graphs,
        "has 2 meta graphs: expected other tags for each, found [serve], [serve]",
    ),
    "no such function": (
        "saved_model.pb",
        lambda p: change_graph(p, lambda g: g.object_graph_def.concrete_functions.clear()),
        "refers to what is not there (concrete function '__inference_",
    ),
    "no such tensor": (
        "saved_model.pb",
        lambda p: change_graph(p, point_nowhere),
        "refers to what is not there (tensor 'nowhere:0' of a signature is missing)",
    ),
    "no such object": (
        "saved_model.pb",
        lambda p: change_graph(
            p, lambda g: setattr(g.object_graph_def.nodes[0].children[0], "node_id", 999)
        ),
        "is damaged: expected a whole object graph",
    ),
    "no index": ("variables/variables.index", os.unlink, "expected an index of its variables"),
    "damaged index": ("variables/variables.index", truncated, "found other bytes"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_models(name, small, tmp_path):
    from exporter.contract import contract_lock
    from exporter.errors import ContractError

    file, change, sentence = BROKEN[name]
    copy = shutil.copytree(small, tmp_path / "model")
    change(copy / file)
    with pytest.raises(ContractError) as found:
        contract_lock(copy)
    assert sentence in str(found.value)
    assert str(found.value).startswith(f"Model '{copy}' ")
    assert "\n" not in str(found.value)
    assert str(found.value).endswith(".")


def test_a_model_that_does_not_fit_its_index_is_not_locked(small, tmp_path):
    from support.mutating import edited

    from exporter.contract import contract_lock
    from exporter.errors import ContractError

    def reshape(graph):
        nodes = graph.object_graph_def.nodes
        next(n for n in nodes if n.HasField("variable")).variable.shape.dim.add(size=7)

    with pytest.raises(ContractError, match="does not fit its index: expected all variables"):
        contract_lock(edited(small, tmp_path / "model", reshape))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["lock", "--model_dir=/none", "--lock={lock}"], "exists already"),
        (["lock", "--model_dir=/none", "--lock={free}"], "found no such folder"),
        (["check", "--model_dir=/none", "--lock={free}"], "Lock '{free}' cannot be read"),
        (["check", "--model_dir=/none", "--lock={model}/saved_model.pb"], "is malformed: invalid"),
    ],
)
def test_one_line(slim_export, small, lock, tmp_path, arguments, sentence):
    places = {"lock": lock, "free": tmp_path / "free.json", "model": small}
    result = slim_export("contract", *(argument.format(**places) for argument in arguments))
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert sentence.format(**places) in line


def test_rules(slim_export):
    rules = json.loads(slim_export("contract", "rules", "--json").stdout)
    (momentum,) = [rule for rule in rules if rule["rule"] == "C39"]
    assert momentum["classes"] == {
        "serving": "COSMETIC",
        "keras_layer": "COSMETIC",
        "fine_tuning": "BREAKING",
        "checkpoint": "COSMETIC",
    }
    table = slim_export("contract", "rules").stdout
    assert all(rule["rule"] in table and rule["reason"] in table for rule in rules)


@pytest.mark.published
def test_our_export_keeps_the_originals_contract(
    slim_export, published_model, real_export, tmp_path
):
    lock = tmp_path / "contract.json"
    result = slim_export("contract", "lock", f"--model_dir={published_model}", f"--lock={lock}")
    assert result.returncode == 0, result.stderr
    result = slim_export(
        "contract", "check", f"--model_dir={real_export}", f"--lock={lock}", "--json"
    )
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)["differences"]
    assert {severity for d in said for severity in d["classes"].values()} == {"COSMETIC"}
    assert [(d["rule"], d["subject"]) for d in said] == [
        ("C03", "tensorflow_version"),
        ("C07", "size"),
        ("C80", "order of trainable_variables"),
        ("C80", "order of variables"),
    ]


@pytest.mark.published
def test_another_order_of_the_original_breaks_positional_files(published_model, tmp_path):
    """Only the step into the network's order is free, once."""
    from support.mutating import edited

    from exporter.contract import contract_lock
    from exporter.contract.compare_contracts import compare
    from exporter.contract.read import read

    def swap(graph):
        objects = graph.object_graph_def.nodes
        (listed,) = [c.node_id for c in objects[0].children if c.local_name == "variables"]
        first, second = objects[listed].children[:2]
        first.node_id, second.node_id = second.node_id, first.node_id

    changed = read(edited(published_model, tmp_path / "model", swap))
    found = {
        d.rule: d.classes["checkpoint"] for d in compare(contract_lock(published_model), changed)
    }
    assert found["C79"] == "BREAKING"
    assert "C80" not in found
