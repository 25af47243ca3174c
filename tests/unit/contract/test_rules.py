"""Every rule: a change of a lock that falls under it, and its class for each consumer."""

import pytest
from contracts import argument, base, classed, spec, tensor, trace, variable

from exporter.publish.contract.rules import CONSUMERS
from exporter.publish.contract.table import RULES


def put(path, value):
    """Makes a change: sets what is at a path of keys."""

    def change(contract):
        *parents, last = path
        for key in parents:
            contract = contract[key]
        contract[last] = value

    return change


def drop(*path):
    def change(contract):
        for key in path[:-1]:
            contract = contract[key]
        del contract[path[-1]]

    return change


def rename(new, *path):
    def change(contract):
        for key in path[:-1]:
            contract = contract[key]
        contract[new] = contract.pop(path[-1])

    return change


def every_trace(*changes, training=(False, True), endpoints=(False, True)):
    """Changes the traces of `__call__` with these flags."""

    def change(contract):
        for found in contract["functions"]["__call__"]["traces"]:
            flags = found["inputs"]["training"], found["inputs"]["return_endpoints"]
            if flags[0] in map(repr, training) and flags[1] in map(repr, endpoints):
                for one in changes:
                    one(found)

    return change


def both(*changes):
    def change(contract):
        for one in changes:
            one(contract)

    return change


def arguments(*names_and_defaults):
    return put((*CALL, "arguments"), [argument(*found) for found in names_and_defaults])


def renamed_argument(contract):
    contract["functions"]["__call__"]["arguments"][3]["name"] = "batch_norm_momentum"
    for found in contract["functions"]["__call__"]["traces"]:
        found["inputs"]["batch_norm_momentum"] = found["inputs"].pop("momentum")
        found["unused"] = ["batch_norm_momentum" for _ in found["unused"]]


def without_endpoints(contract):
    """Removes an argument, and the traces that only it asked for."""
    call = contract["functions"]["__call__"]
    del call["arguments"][2]
    call["traces"] = [
        found for found in call["traces"] if found["inputs"].pop("return_endpoints") == "False"
    ]


def only_training(wanted):
    def change(contract):
        call = contract["functions"]["__call__"]
        call["traces"] = [t for t in call["traces"] if t["inputs"]["training"] == repr(wanted)]

    return change


def renamed_variable(contract):
    old, new = "net/conv_2/weights", "net/conv_2/kernel"
    contract["variables"][new] = contract["variables"].pop(old)
    for found in contract["lists"].values():
        found["names"] = [new if name == old else name for name in found["names"]]
    contract["losses"][0]["variables"] = ["net/conv_1/weights", new, "net/conv_3/weights"]


def without_variable(contract):
    del contract["variables"]["net/conv_3/mean"]
    contract["lists"]["variables"]["names"].pop()
    every_trace(put(("updates",), ["net/conv_1/mean", "net/conv_2/mean"]), training=[True])(
        contract
    )


def swapped(name, places=(0, 1)):
    def change(contract):
        names = contract["lists"][name]["names"]
        a, b = places
        names[a], names[b] = names[b], names[a]

    return change


def enter(name, variable_name):
    return lambda contract: contract["lists"][name]["names"].append(variable_name)


def leave(name, variable_name):
    return lambda contract: contract["lists"][name]["names"].remove(variable_name)


def op(name, kind, *places):
    return put(("ops", name), {"kind": kind, "places": list(places)})


SERVED, DETECT = ("signatures", "serving_default"), ("signatures", "detect")
CALL, ENCODE = ("functions", "__call__"), ("functions", "encoder.encode")
FIRST = (*CALL, "traces", 0)
TEXT = (*ENCODE, "traces", 0, "inputs", "text")
WEIGHTS = ("variables", "net/conv_1/weights")
KNOWN = ("inputs",), ("training", "False"), ("return_endpoints", "False"), ("momentum", "0.99")
IMAGES = ("inputs", "inputs")
FREE, FIXED = spec("float32", [None] * 3 + [3], "inputs"), spec("float32", [1, 8, 8, 3], "inputs")

# What is changed, and all rules that it falls under, with their classes for serving,
# keras_layer, fine_tuning and checkpoint: Breaking, Compatible or - for cosmetic.
CHANGES = {
    "tag added": (put(["tags"], ["gpu", "serve"]), {"C01": "BBB-"}),
    "tag replaced": (put(["tags"], ["train"]), {"C01": "BBB-"}),
    "file form": (put(["saved_model_schema"], 2), {"C02": "BBB-"}),
    "graph form": (put(["min_consumer"], 12), {"C02": "BBB-"}),
    "TensorFlow": (put(["tensorflow_version"], "2.21.0"), {"C03": "----"}),
    "description": (put(["description"], "untrained"), {"C04": "----"}),
    "no saver": (put(["saver"], ""), {"C05": "B--B"}),
    "saver of TF1": (put(["saver"], "V1"), {"C05": "B--B"}),
    "grown": (put(["sizes", "variables"], 9000), {"C06": "CCCC"}),
    "a little larger": (put(["sizes", "saved_model"], 1100), {"C07": "----"}),
    "shrunk": (put(["sizes", "variables"], 1000), {"C07": "----"}),
    "no labels": (drop("assets", "labels.txt"), {"C08": "BBB-"}),
    "vocabulary": (put(["assets", "words.txt"], "cd"), {"C09": "CCC-"}),
    "other labels": (put(["assets", "labels.txt"], "cd"), {"C10": "BBB-"}),
    "no encoder": (drop("children", "encoder"), {"C11": "-BB-"}),
    "decoder": (put(["children", "decoder"], "_generic_user_object"), {"C12": "-CC-"}),
    "tuple": (put(["children", "variables"], "trackable_tuple_wrapper"), {"C13": "-BB-"}),
    "Keras model": (put(["root"], "_tf_keras_model"), {"C13": "-BB-"}),
    "signature renamed": (rename("predict", *SERVED), {"C14": "B---", "C15": "C---"}),
    "second signature removed": (drop(*DETECT), {"C14": "B---"}),
    "classify": (
        put([*SERVED, "method_name"], "tensorflow/serving/classify"),
        {"C16": "B---"},
    ),
    "input renamed": (
        rename("images", *SERVED, "inputs", "inputs"),
        {"C17": "B---", "C18": "B---"},
    ),
    "one more input": (
        put([*SERVED, "inputs", "temperature"], tensor([], "t:0")),
        {"C18": "B---"},
    ),
    "one more input with default": (
        put([*SERVED, "inputs", "temperature"], tensor([], "t:0", default="1.0")),
        {"C19": "C---"},
    ),
    "input's default": (put([*DETECT, "inputs", "limit", "default"], "20"), {"C20": "B---"}),
    "no input's default": (put([*DETECT, "inputs", "limit", "default"], None), {"C20": "B---"}),
    "input got default": (put([*DETECT, "inputs", "inputs", "default"], "0"), {"C21": "C---"}),
    "output renamed": (
        rename("vector", *SERVED, "outputs", "features"),
        {"C22": "B---", "C23": "B---"},
    ),
    "second output": (
        put([*SERVED, "outputs", "logits"], tensor([None, 10], "x:0")),
        {"C23": "B---"},
    ),
    "third output": (
        put([*DETECT, "outputs", "classes"], tensor([None], "x:0")),
        {"C24": "C---"},
    ),
    "uint8": (put([*SERVED, "inputs", "inputs", "dtype"], "uint8"), {"C25": "B---"}),
    "sparse": (put([*SERVED, "inputs", "inputs", "dtype"], "sparse float32"), {"C25": "B---"}),
    "batch freed": (put([*DETECT, "inputs", "inputs", "shape"], [None, 8, 8, 3]), {"C26": "C---"}),
    "rank freed": (put([*SERVED, "inputs", "inputs", "shape"], None), {"C26": "C---"}),
    "batch fixed": (put([*SERVED, "inputs", "inputs", "shape"], [1, 8, 8, 3]), {"C27": "B---"}),
    "rank fixed": (put([*DETECT, "outputs", "scores", "shape"], [None, 1]), {"C27": "B---"}),
    "fewer features": (put([*SERVED, "outputs", "features", "shape"], [None, 4]), {"C27": "B---"}),
    "flat input": (put([*SERVED, "inputs", "inputs", "shape"], [None, 192]), {"C27": "B---"}),
    "tensor's name": (put([*SERVED, "inputs", "inputs", "tensor"], "images:0"), {"C28": "----"}),
    "no encode": (drop(*ENCODE), {"C29": "-BB-"}),
    "not callable": (drop(*CALL), {"C29": "-BB-"}),
    "decode": (
        lambda c: c["functions"].update({"decode": c["functions"]["__call__"]}),
        {"C30": "-CC-"},
    ),
    "no return_endpoints": (without_endpoints, {"C31": "-BB-", "C33": "-BB-"}),
    "argument renamed": (renamed_argument, {"C32": "-BB-"}),
    "reordered": (arguments(KNOWN[0], KNOWN[2], KNOWN[1], KNOWN[3]), {"C33": "-BB-"}),
    "required": (
        both(
            arguments(*KNOWN, ("mask",)),
            every_trace(put(["inputs", "mask"], spec("bool", [None], "mask"))),
        ),
        {"C34": "-BB-"},
    ),
    "optional": (
        both(arguments(*KNOWN, ("rate", "0.2")), every_trace(put(["inputs", "rate"], "0.2"))),
        {"C35": "-CC-"},
    ),
    "optional tensor": (
        both(
            arguments(*KNOWN, ("rate", "0.2")),
            every_trace(put(["inputs", "rate"], spec("float32", [], "rate"))),
        ),
        {"C35": "-CC-", "C48": "-CC-"},
    ),
    "optional in the middle": (
        both(
            arguments(KNOWN[0], ("rate", "0.2"), *KNOWN[1:]),
            every_trace(put(["inputs", "rate"], "0.2")),
        ),
        {"C33": "-BB-", "C35": "-CC-"},
    ),
    "training required": (arguments(KNOWN[0], ("training",), *KNOWN[2:]), {"C36": "-BB-"}),
    "inputs optional": (arguments(("inputs", "None"), *KNOWN[1:]), {"C37": "-CC-"}),
    "training by default": (
        arguments(KNOWN[0], ("training", "True"), *KNOWN[2:]),
        {"C38": "-BB-"},
    ),
    "end points by default": (
        arguments(*KNOWN[:2], ("return_endpoints", "True"), KNOWN[3]),
        {"C38": "-BB-"},
    ),
    "momentum as text": (arguments(*KNOWN[:3], ("momentum", "'0.99'")), {"C38": "-BB-"}),
    "no momentum": (arguments(*KNOWN[:3], ("momentum", "None")), {"C38": "-BB-"}),
    "momentum": (arguments(*KNOWN[:3], ("momentum", "0.9")), {"C39": "--B-"}),
    "momentum in inference": (
        both(
            arguments(*KNOWN[:3], ("momentum", "0.9")),
            every_trace(put(["unused"], []), training=[False]),
        ),
        {"C38": "-BB-", "C60": "-BB-"},
    ),
    "keyword only": (arguments(*KNOWN[:3], ("momentum", "0.99", True)), {"C40": "-BB-"}),
    "positional": (put([*ENCODE, "arguments", 1], argument("limit", "5")), {"C41": "-CC-"}),
    "no kwargs": (put([*ENCODE, "varkw"], None), {"C42": "-BB-"}),
    "args": (put([*CALL, "varargs"], "more"), {"C43": "-CC-"}),
    "XLA": (put([*CALL, "jit_compile"], True), {"C44": "-BB-"}),
    "no XLA": (put([*ENCODE, "jit_compile"], False), {"C45": "-CC-"}),
    "no training traces": (only_training(False), {"C46": "--B-"}),
    "no inference traces": (only_training(True), {"C46": "-BB-"}),
    "momentum baked in": (
        every_trace(put(["inputs", "momentum"], "0.99"), put(["unused"], [])),
        {"C46": "-BB-", "C47": "-CC-"},
    ),
    "another size too": (
        lambda c: c["functions"]["__call__"]["traces"].append(
            {**trace(False, False), "inputs": {**trace(False, False)["inputs"], "inputs": FIXED}}
        ),
        {"C47": "-CC-"},
    ),
    "size freed": (every_trace(put(IMAGES, FREE)), {"C48": "-CC-"}),
    "size freed in training": (every_trace(put(IMAGES, FREE), training=[True]), {"C48": "--C-"}),
    "texts freed": (put(TEXT, spec("string", [None], "text")), {"C48": "-CC-"}),
    "fixed": (every_trace(put(IMAGES, FIXED)), {"C49": "-BB-"}),
    "fixed in training": (every_trace(put(IMAGES, FIXED), training=[True]), {"C49": "--B-"}),
    "float16": (
        every_trace(put(IMAGES, spec("float16", [None, 8, 8, 3], "inputs"))),
        {"C50": "-BB-"},
    ),
    "spec's name": (put([*FIRST, *IMAGES, "name"], "images"), {"C51": "----"}),
    "tensor to dict": (
        every_trace(
            put(["outputs"], {"kind": "dict", "leaves": {"default": spec("float32", [None, 8])}}),
            endpoints=[False],
        ),
        {"C52": "-BB-"},
    ),
    "dict to tensor": (
        every_trace(
            put(["outputs"], {"kind": "tensor", "leaves": {"": spec("float32", [None, 8])}}),
            endpoints=[True],
            training=[True],
        ),
        {"C52": "--B-"},
    ),
    "longer tuple": (
        put([*ENCODE, "traces", 0, "outputs", "leaves", "(2)"], spec("int64", [2])),
        {"C52": "-BB-"},
    ),
    "no end point": (
        every_trace(drop("outputs", "leaves", "net/conv_1"), endpoints=[True]),
        {"C53": "-BB-"},
    ),
    "no end point in training": (
        every_trace(drop("outputs", "leaves", "net/conv_1"), endpoints=[True], training=[True]),
        {"C53": "--B-"},
    ),
    "end point": (
        every_trace(
            put(["outputs", "leaves", "net/conv_2"], spec("float32", [None])), endpoints=[True]
        ),
        {"C54": "-CC-"},
    ),
    "bfloat16 outputs": (
        every_trace(put(["outputs", "leaves", ""], spec("bfloat16", [None, 8])), endpoints=[False]),
        {"C55": "-BB-"},
    ),
    "tokens freed": (
        put([*ENCODE, "traces", 0, "outputs", "leaves", "(1)"], spec("int64", [None])),
        {"C56": "-CC-"},
    ),
    "features freed": (
        every_trace(
            put(["outputs", "leaves", ""], spec("float32", [None, None])), endpoints=[False]
        ),
        {"C57": "-BB-"},
    ),
    "features' rank freed": (
        every_trace(put(["outputs", "leaves", ""], spec("float32", None)), endpoints=[False]),
        {"C57": "-BB-"},
    ),
    "more features": (
        every_trace(put(["outputs", "leaves", ""], spec("float32", [None, 16])), endpoints=[False]),
        {"C58": "-BB-"},
    ),
    "momentum without effect": (
        every_trace(put(["unused"], ["momentum"]), training=[True]),
        {"C59": "--B-"},
    ),
    "momentum with effect": (every_trace(put(["unused"], []), training=[False]), {"C60": "-BB-"}),
    "no updates": (every_trace(put(["updates"], []), training=[True]), {"C61": "--B-"}),
    "updates in inference": (
        every_trace(put(["updates"], ["net/conv_1/mean"]), training=[False]),
        {"C62": "-BB-"},
    ),
    "no losses": (put(["losses"], []), {"C63": "--B-"}),
    "no list of losses": (
        both(put(["losses"], None), drop("children", "regularization_losses")),
        {"C63": "--B-"},
    ),
    "loss is a vector": (
        put(["losses", 0, "value", "leaves", ""], spec("float32", [3])),
        {"C64": "--B-"},
    ),
    "loss takes something": (put(["losses", 0, "arguments"], ["inputs"]), {"C64": "--B-"}),
    "gamma decays": (
        lambda c: c["losses"][0]["variables"].append("net/conv_1/gamma"),
        {"C65": "--B-"},
    ),
    "no variable": (without_variable, {"C61": "--B-", "C66": "--BB"}),
    "one more variable": (
        both(put(["variables", "net/bias"], variable([8])), enter("variables", "net/bias")),
        {"C67": "--CB"},
    ),
    "namesake": (
        put(["variables", "net/conv_1/weights#2"], variable([3, 8], path="copy")),
        {"C67": "--CB"},
    ),
    "variable renamed": (renamed_variable, {"C68": "--BB"}),
    "wider": (put([*WEIGHTS, "shape"], [3, 16]), {"C69": "--BB"}),
    "half": (put([*WEIGHTS, "dtype"], "float16"), {"C70": "--BB"}),
    "frozen": (put([*WEIGHTS, "trainable"], False), {"C71": "--B-"}),
    "aggregation": (
        put(["variables", "net/conv_1/mean", "aggregation"], "VARIABLE_AGGREGATION_MEAN"),
        {"C72": "--B-"},
    ),
    "synchronization": (
        put([*WEIGHTS, "synchronization"], "VARIABLE_SYNCHRONIZATION_ON_READ"),
        {"C72": "--B-"},
    ),
    "elsewhere": (put([*WEIGHTS, "path"], "encoder/weights"), {"C73": "---B"}),
    "no list": (drop("lists", "variables"), {"C74": "--BB"}),
    "left variables": (leave("variables", "net/conv_3/mean"), {"C76": "--BB"}),
    "left trainable_variables": (
        leave("trainable_variables", "net/conv_3/gamma"),
        {"C76": "--BB"},
    ),
    "twice": (enter("variables", "net/conv_1/mean"), {"C77": "--CB"}),
    "trained": (enter("trainable_variables", "net/conv_1/mean"), {"C78": "--BB"}),
    "order": (swapped("variables"), {"C79": "---B"}),
    "order of alike ones": (swapped("trainable_variables", (1, 3)), {"C79": "---B"}),
    "order and one more": (
        both(
            swapped("variables"),
            put(["variables", "net/bias"], variable([8])),
            enter("variables", "net/bias"),
        ),
        {"C67": "--CB", "C79": "---B"},
    ),
    "not in the index": (put(["index_mismatches"], ["variable 'x' is not in it"]), {"C81": "BBBB"}),
    "custom op": (op("Mine>Op", "unknown", "elsewhere"), {"C82": "BBB-"}),
    "Python": (op("PyFunc", "outside", "signatures", "inference"), {"C83": "BBB-"}),
    "files": (op("MatchingFiles", "outside", "saver"), {"C83": "BBB-"}),
    "saves when called": (op("SaveV2", "outside", "inference", "saver"), {"C83": "BBB-"}),
    "random requests": (
        op("RandomUniform", "stateful", "signatures", "training"),
        {"C84": "B---"},
    ),
    "random calls": (op("RandomUniform", "stateful", "inference", "training"), {"C85": "-BB-"}),
    "random training": (op("RandomNormal", "stateful", "training"), {"C86": "--B-"}),
    "other op": (op("Erf", "known", "inference"), {"C87": "CCC-"}),
    "table": (op("HashTableV2", "stateful", "elsewhere"), {"C87": "CCC-"}),
    "saver's op": (op("DisableCopyOnRead", "known", "saver"), {"C88": "----"}),
    "no op": (drop("ops", "RandomUniform"), {"C89": "----"}),
}

# Changes that need another lock to start from.
ARBITRARY = [0, 3, 6, 1, 4, 7, 2, 5, 8]


def arbitrary(contract):
    found = contract["lists"]["variables"]
    found["names"] = [found["names"][i] for i in ARBITRARY]
    found["order"] = "arbitrary"


FROM_OTHERS = {
    "list added": (drop("lists", "variables"), lambda c: None, {"C75": "--C-"}),
    "put in order": (arbitrary, lambda c: None, {"C80": "----"}),
    "put in order without one": (
        arbitrary,
        leave("variables", "net/conv_3/mean"),
        {"C76": "--BB", "C79": "---B"},
    ),
    "another arbitrary order": (
        arbitrary,
        both(arbitrary, swapped("variables", (1, 2))),
        {"C79": "---B"},
    ),
    "made arbitrary": (lambda c: None, arbitrary, {"C79": "---B"}),
    "sorted": (
        arbitrary,
        both(
            lambda c: c["lists"]["variables"]["names"].sort(),
            put(["lists", "variables", "order"], "other"),
        ),
        {"C79": "---B"},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change(name):
    change, expected = CHANGES[name]
    found = base()
    change(found)
    assert classed(base(), found) == expected


@pytest.mark.parametrize("name", FROM_OTHERS)
def test_change_from_another_lock(name):
    before, after, expected = FROM_OTHERS[name]
    locked, found = base(), base()
    before(locked)
    after(found)
    assert classed(locked, found) == expected


def test_unchanged():
    assert classed(base(), base()) == {}


def test_every_rule_has_a_change():
    tested = [expected for _, expected in CHANGES.values()]
    tested += [expected for *_, expected in FROM_OTHERS.values()]
    assert {rule for expected in tested for rule in expected} == RULES.keys()


def test_rules_are_documented():
    assert list(RULES) == [f"C{number:02}" for number in range(1, len(RULES) + 1)]
    for rule in RULES.values():
        assert len(rule.letters) == len(CONSUMERS)
        assert set(rule.letters) <= set("BC-")
        assert rule.reason.endswith(".")
        assert rule.title
        assert rule.example
