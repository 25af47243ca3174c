"""Makes tf-slim work on today's TensorFlow: the only import shim of the project.

tf-slim 1.1.0 builds its layers on `tf.layers`. TensorFlow still has them, but
its lazy loader looks for them at `tf_keras.legacy_tf_layers`, and tf_keras has
moved them to `tf_keras.src.legacy_tf_layers`. So the package and its modules
are entered under their old names before tf-slim builds the first layer.

It also asks whether something is an `ops.Tensor`, in batch norms that are not
fused or have two dimensions. TensorFlow has moved that class too.
"""

import importlib
import sys

_OLD = "tf_keras.legacy_tf_layers"
_NEW = "tf_keras.src.legacy_tf_layers"
_OPS = "tensorflow.python.framework.ops"
_MODULES = ("", ".base", ".convolutional", ".core", ".normalization", ".pooling")


def install() -> None:
    """Enters the legacy layers of tf_keras, and TensorFlow's tensors, under their old names."""
    for module in _MODULES:
        sys.modules.setdefault(_OLD + module, importlib.import_module(_NEW + module))
    ops = importlib.import_module(_OPS)
    if not hasattr(ops, "Tensor"):
        ops.Tensor = importlib.import_module("tensorflow").Tensor  # type: ignore[attr-defined]
