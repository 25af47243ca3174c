"""Changes of functions, traces and losses, and their classes."""

from support.contract_edits import (
    CALL,
    ENCODE,
    FIRST,
    FIXED,
    FREE,
    IMAGES,
    KNOWN,
    TEXT,
    arguments,
    both,
    drop,
    every_trace,
    only_training,
    put,
    renamed_argument,
    without_endpoints,
)
from support.contracts import argument, spec, trace

FUNCTION_CHANGES = {
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
}
