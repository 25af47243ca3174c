"""Changes of variables, lists and ops, and their classes."""

from support.contract_edits import (
    WEIGHTS,
    both,
    drop,
    enter,
    leave,
    op,
    put,
    renamed_variable,
    swapped,
    without_variable,
)
from support.contracts import variable

VARIABLE_CHANGES = {
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
    "saver's op": (op("StaticRegexFullMatch", "known", "saver"), {"C88": "----"}),
    "saver's op of a newer TensorFlow": (
        op("DisableCopyOnRead", "known", "saver"),
        {"C94": "BBB-"},
    ),
    "op of a newer TensorFlow": (op("BatchMatMulV3", "known", "inference"), {"C94": "BBB-"}),
    "random op of a newer TensorFlow": (
        op("StatelessShuffle", "stateful", "signatures"),
        {"C84": "B---", "C94": "BBB-"},
    ),
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
