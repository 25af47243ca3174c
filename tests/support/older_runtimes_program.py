"""Runs converted files by what an older TensorFlow brings: run there, by Python 3.7 and newer.

`python older_runtimes_program.py CONVERTED IMAGES RESULTS` runs each file of CONVERTED that this
TensorFlow has a runtime for, and writes outputs to RESULTS (npz) and what failed to the output
(JSON), with the ops that it lists.
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

FOLDER, IMAGES, RESULTS = sys.argv[1:]
images = np.load(IMAGES)


def frozen(path):
    graph = tf.Graph()
    with graph.as_default():
        definition = tf.compat.v1.GraphDef.FromString(path.read_bytes())
        tf.compat.v1.import_graph_def(definition, name="")
    with tf.compat.v1.Session(graph=graph) as session:
        return session.run("feature_vector:0", {"inputs:0": images})


def tflite(path):
    interpreter = tf.lite.Interpreter(model_path=str(path))
    (given,), (found,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], images)
    interpreter.invoke()
    return interpreter.get_tensor(found["index"])


said, arrays = {}, {}
for path in sorted(Path(FOLDER).glob("*/*")):
    if path.suffix not in (".tflite", ".pb"):
        continue
    try:
        arrays[path.parent.name] = {".tflite": tflite, ".pb": frozen}[path.suffix](path)
        said[path.parent.name] = ""
    except Exception as error:  # noqa: BLE001  (whatever an older TensorFlow raises)
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        said[path.parent.name] = type(error).__name__ + ": " + lines[0][:300]
np.savez(RESULTS, **arrays)
ops = [name for name in dir(tf.raw_ops) if not name.startswith("_")]
print(json.dumps({"version": tf.__version__, "files": said, "ops": ops}))  # noqa: T201
