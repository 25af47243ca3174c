"""Changes of a model as a whole and of its signatures, and their classes."""

from support.contract_edits import DETECT, SERVED, drop, put, rename
from support.contracts import tensor

UNTRACED = {"arguments": [], "varargs": None, "varkw": None, "jit_compile": False, "traces": []}

# What is changed, and all rules that it falls under, with their classes for serving,
# keras_layer, fine_tuning and checkpoint: Breaking, Compatible or - for cosmetic.
MODEL_CHANGES = {
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
    "Keras model": (put(["root"], "_tf_keras_model"), {"C95": "----"}),
    "Keras' child": (put(["children", "keras_api"], "_generic_user_object"), {"C95": "----"}),
    "Keras' layer": (put(["children", "layer-3"], "_tf_keras_layer"), {"C95": "----"}),
    "constant": (put(["children", "capture_57"], "constant"), {"C95": "----"}),
    "layer of one's own": (
        put(["children", "decoder"], "_tf_keras_layer"),
        {"C12": "-CC-", "C95": "----"},
    ),
    "Keras' function": (
        put(["functions", "encoder.call_and_return_all_conditional_losses"], UNTRACED),
        {"C95": "----"},
    ),
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
    "signature trains": (put([*SERVED, "updates"], True), {"C90": "B---"}),
    "signature no longer trains": (put([*DETECT, "updates"], False), {"C90": "B---"}),
    "features freed": (put([*SERVED, "outputs", "features", "shape"], [None] * 2), {"C91": "B---"}),
    "features of any rank": (put([*SERVED, "outputs", "features", "shape"], None), {"C91": "B---"}),
    "rows freed": (put([*DETECT, "inputs", "inputs", "shape"], [1, 8, 8, None]), {"C26": "C---"}),
    "served only": (put([*SERVED, "attribute"], False), {"C92": "B---"}),
    "called too": (put([*DETECT, "attribute"], True), {"C93": "C---"}),
    "tensor's name": (put([*SERVED, "inputs", "inputs", "tensor"], "images:0"), {"C28": "----"}),
}
