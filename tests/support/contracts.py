"""A small contract, as JSON, to make changed copies of."""

import copy
import itertools

from exporter.contract.compare_contracts import compare
from exporter.contract.contract_rules import CONSUMERS
from exporter.contract.form import Contract

LETTERS = {"BREAKING": "B", "COMPATIBLE": "C", "COSMETIC": "-"}
LAYERS = ("net/conv_1", "net/conv_2", "net/conv_3")


def spec(dtype, shape, name=""):
    return {"dtype": dtype, "shape": shape, "name": name}


def tensor(shape, name, dtype="float32", default=None):
    return {"dtype": dtype, "shape": shape, "tensor": name, "default": default}


def trace(training, return_endpoints):
    pooled = spec("float32", [None, 8])
    ends = {"default": pooled, "net/conv_1": spec("float32", [None, 4, 4, 8])}
    return {
        "inputs": {
            "inputs": spec("float32", [None, 8, 8, 3], "inputs"),
            "training": repr(training),
            "return_endpoints": repr(return_endpoints),
            "momentum": spec("float32", [], "momentum"),
        },
        "outputs": {"kind": "dict", "leaves": ends}
        if return_endpoints
        else {"kind": "tensor", "leaves": {"": pooled}},
        "unused": [] if training else ["momentum"],
        "updates": [f"{layer}/mean" for layer in LAYERS] if training else [],
    }


def argument(name, default=None, keyword_only=False):
    return {"name": name, "keyword_only": keyword_only, "default": default}


def variable(shape, trainable=True, path="variables/*"):
    return {
        "dtype": "float32",
        "shape": shape,
        "trainable": trainable,
        "synchronization": "VARIABLE_SYNCHRONIZATION_AUTO",
        "aggregation": "VARIABLE_AGGREGATION_NONE",
        "path": path,
    }


def _variables():
    kinds = {"weights": ([3, 8], True), "gamma": ([8], True), "mean": ([8], False)}
    return {
        f"{layer}/{kind}": variable(shape, trainable)
        for layer in LAYERS
        for kind, (shape, trainable) in kinds.items()
    }


_VARIABLES = _variables()
_BASE = {
    "schema_version": 1,
    "tags": ["serve"],
    "saved_model_schema": 1,
    "min_consumer": 0,
    "tensorflow_version": "2.5.0",
    "description": "",
    "saver": "V2",
    "assets": {"labels.txt": "ab"},
    "root": "_generic_user_object",
    "children": {
        "__call__": "function",
        "encoder": "_generic_user_object",
        "regularization_losses": "trackable_list_wrapper",
        "signatures": "signature_map",
        "trainable_variables": "trackable_list_wrapper",
        "variables": "trackable_list_wrapper",
    },
    "signatures": {
        "serving_default": {
            "method_name": "tensorflow/serving/predict",
            "inputs": {"inputs": tensor([None, 8, 8, 3], "serving_default_inputs:0")},
            "outputs": {"features": tensor([None, 8], "StatefulPartitionedCall:0")},
            "updates": False,
            "attribute": True,
        },
        "detect": {
            "method_name": "tensorflow/serving/predict",
            "inputs": {
                "inputs": tensor([1, 8, 8, 3], "detect_inputs:0"),
                "limit": tensor([], "detect_limit:0", default="10"),
            },
            "outputs": {
                "boxes": tensor([None, 4], "StatefulPartitionedCall_1:0"),
                "scores": tensor(None, "StatefulPartitionedCall_1:1"),
            },
            "updates": True,
            "attribute": False,
        },
    },
    "functions": {
        "__call__": {
            "arguments": [
                argument("inputs"),
                argument("training", "False"),
                argument("return_endpoints", "False"),
                argument("momentum", "0.99"),
            ],
            "varargs": None,
            "varkw": None,
            "jit_compile": False,
            "traces": [trace(*flags) for flags in itertools.product((False, True), repeat=2)],
        },
        "encoder.encode": {
            "arguments": [argument("text"), argument("limit", "5", keyword_only=True)],
            "varargs": None,
            "varkw": "options",
            "jit_compile": True,
            "traces": [
                {
                    "inputs": {"text": spec("string", [2], "text"), "limit": "5"},
                    "outputs": {
                        "kind": "tuple",
                        "leaves": {"(0)": spec("int64", [2, 5]), "(1)": spec("int64", [2])},
                    },
                    "unused": [],
                    "updates": [],
                }
            ],
        },
    },
    "losses": [
        {
            "arguments": [],
            "value": {"kind": "tensor", "leaves": {"": spec("float32", [])}},
            "variables": [f"{layer}/weights" for layer in LAYERS],
        }
    ],
    "variables": _VARIABLES,
    "lists": {
        "variables": {"names": list(_VARIABLES), "order": "network"},
        "trainable_variables": {
            "names": [name for name, found in _VARIABLES.items() if found["trainable"]],
            "order": "network",
        },
    },
    "ops": {
        "Conv2D": {"kind": "known", "places": ["inference", "signatures", "training"]},
        "RandomUniform": {"kind": "stateful", "places": ["training"]},
        "SaveV2": {"kind": "outside", "places": ["saver"]},
    },
    "sizes": {"saved_model": 1000, "variables": 4000},
    "index_mismatches": [],
}


def base():
    """Returns a fresh copy."""
    return copy.deepcopy(_BASE)


def contract(value):
    return Contract.model_validate_json(
        Contract.model_construct(**value).model_dump_json(warnings=False)
    )


def classed(locked, found):
    """Compares two contracts; returns rules with the letters of their worst classes."""
    return letters_of(compare(contract(locked), contract(found)))


def letters_of(differences):
    found = {}
    for difference in differences:
        letters = [LETTERS[difference.classes[consumer]] for consumer in CONSUMERS]
        before = found.get(difference.rule, ["-"] * len(letters))
        found[difference.rule] = [
            min(pair, key="BC-".index) for pair in zip(before, letters, strict=True)
        ]
    return {rule: "".join(letters) for rule, letters in found.items()}


def told_letters(locked, found):
    """Does the same for two contracts of models, whose sizes depend on the length of names."""
    letters = letters_of(compare(locked, found))
    letters.pop("C07", None)
    return letters
