"""The rules about variables, the index, and ops."""

from exporter.contract.rules import Rule

VARIABLE_RULES = (
    Rule(
        "C66",
        "variable removed",
        "--BB",
        "Code that looks for it, and weight files that hold it, fail.",
        "MobilenetV3/Conv_2/biases -> none",
    ),
    Rule(
        "C67",
        "variable added",
        "--CB",
        "Training takes it along; weight files of the locked model have no value for it.",
        "none -> MobilenetV3/Conv/biases",
    ),
    Rule(
        "C68",
        "variable renamed",
        "--BB",
        "Weight files by name, and code that freezes layers by name, miss it.",
        "MobilenetV3/Conv/weights -> MobilenetV3/Conv/kernel",
    ),
    Rule(
        "C69",
        "shape of a variable changed",
        "--BB",
        "Its values in weight files, and an optimizer's slots, do not fit.",
        "[1, 1, 432, 1024] -> [1, 1, 432, 1280]",
    ),
    Rule(
        "C70",
        "dtype of a variable changed",
        "--BB",
        "Its values in weight files do not fit; gradients have another precision.",
        "float32 -> bfloat16",
    ),
    Rule(
        "C71",
        "variable's own flag `trainable` changed",
        "--B-",
        "Tapes watch variables by this flag.",
        "moving_mean: False -> True",
    ),
    Rule(
        "C72",
        "synchronization or aggregation of a variable changed",
        "--B-",
        "Under a distribution strategy replicas are put together otherwise.",
        "VARIABLE_AGGREGATION_MEAN -> NONE",
    ),
    Rule(
        "C73",
        "variable hangs elsewhere on the root",
        "---B",
        "Its key in a checkpoint is made of that path.",
        "variables/* -> backbone/variables/*",
    ),
    Rule(
        "C74",
        "list of variables removed",
        "--BB",
        "hub.KerasLayer and optimizers take their variables from it, weight files their order.",
        "model.trainable_variables -> AttributeError",
    ),
    Rule(
        "C75",
        "list of variables added",
        "--C-",
        "Nobody asks for it yet.",
        "none -> model.trainable_variables",
    ),
    Rule(
        "C76",
        "variable left a list",
        "--BB",
        "It is no longer trained or tracked; in positional files all after it move.",
        "trainable_variables without MobilenetV3/Conv/weights",
    ),
    Rule(
        "C77",
        "variable entered `variables`",
        "--CB",
        "It is tracked too; in positional files all after it move.",
        "variables with MobilenetV3/ema_decay",
    ),
    Rule(
        "C78",
        "variable entered `trainable_variables`",
        "--BB",
        "It is trained where it was held; in positional files all after it move.",
        "trainable_variables with moving_mean",
    ),
    Rule(
        "C79",
        "order of a list of variables changed",
        "---B",
        "Positional weight files, such as h5 files of hub.KerasLayer, and keys such as"
        " variables/17 then mean other variables; where shapes agree nobody is told.",
        "Conv/weights, Conv/BatchNorm/gamma -> Conv/BatchNorm/gamma, Conv/weights",
    ),
    Rule(
        "C80",
        "list in no order at all put into the network's order",
        "----",
        "An order as hashes leave it was never promised: the publisher's own next save has"
        " another one, so no positional file of such a model fits any later one, and the only"
        " way to end that is to put the list into the order in which the network uses the"
        " variables, once. Convert positional files by the names in the lock, which lists them"
        " by position. It holds only if the locked order is marked 'arbitrary', the new one"
        " 'network', and both lists have the same variables; every other change, from one"
        " arbitrary order to another too, is C79.",
        "Google's MobileNet V3 -> an export of the same weights",
    ),
    Rule(
        "C81",
        "index does not hold a variable",
        "BBBB",
        "The model cannot be loaded.",
        "variable 'MobilenetV3/Conv/weights' is not in variables.index",
    ),
    Rule(
        "C82",
        "op added that this TensorFlow does not know",
        "BBB-",
        "Nobody can load the model without the library that has it.",
        "TFText>WhitespaceTokenizeWithOffsets",
    ),
    Rule(
        "C83",
        "op added that reaches files, Python or another machine",
        "BBB-",
        "Servers, converters and sandboxes have no such thing, and users should not want it.",
        "PyFunc, ReadFile, MatchingFiles",
    ),
    Rule(
        "C84",
        "op with a state of its own added to a signature",
        "B---",
        "Equal requests may get different responses; converters refuse it.",
        "RandomUniform in serving_default",
    ),
    Rule(
        "C85",
        "op with a state of its own added to inference",
        "-BB-",
        "Equal calls may give different results.",
        "dropout that stays on",
    ),
    Rule(
        "C86",
        "op with a state of its own added to training mode",
        "--B-",
        "Training becomes random where it was not.",
        "dropout in training mode",
    ),
    Rule(
        "C87",
        "op added",
        "CCC-",
        "TensorFlow has it; converters, builds with selected ops and older versions may not.",
        "Erf",
    ),
    Rule(
        "C88",
        "op added to the functions that save and restore",
        "----",
        "TensorFlow writes these functions itself; its version (C03) chooses their ops. Others"
        " than its own fall under C82, C83 or C87.",
        "DisableCopyOnRead",
    ),
    Rule("C89", "op removed", "----", "Nobody needs it any more.", "Relu6"),
)
