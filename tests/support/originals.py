"""The SavedModels that Google published, and in what our exports of their weights equal them."""

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Original:
    """A published model, beside our export of its weights.

    Attributes:
        variant: Which network.
        task: What it ends with.
        export: The fixture that makes our export.
        published: The fixture with the original's folder.
        weights: The fixture with the checkpoint's prefix.
        variables: How many there are, and how many of them are trainable.
        end_points: How many there are, with `default`.
        loss: The L2 loss, and how many terms it has.
        checks: How many checks a verification has in each group.
        broken: Rules that the original itself does not keep, or that say nothing of it.
        lacks: Signatures that its version of the page did not have yet, and ours has.
        described: How many things it says of itself that ours must say too.
    """

    variant: str
    task: str
    export: str
    published: str
    weights: str
    variables: tuple[int, int]
    end_points: int
    loss: tuple[float, int]
    checks: dict[str, int]
    broken: dict[str, str]
    lacks: tuple[str, ...] = ()
    described: int = 3

    def __str__(self):
        return f"{self.variant}-{self.task}"


FEATURES = Original(
    "mobilenet_v3_small_075_224",
    "feature_vector",
    "real_export",
    "published_model",
    "real_checkpoint",
    variables=(208, 140),
    end_points=49,
    loss=(0.24513353, 42),
    checks={
        "weights": 208 + 2,
        "outputs": 3 * 3,
        "end points": 49 * 2,
        "frozen": 3 + 2,
        "training": 49 + 1,
        "moving averages": 68 * 5,
        "gradients": 140 * (2 + 2),
        "SGD step": 140 + 68 + 2,
        "dropout": 2,
        "regularization": 1 + 42,
    },
    broken={"R20": "skipped"},
)

# Version 4 of its page, written by TensorFlow 1.14, has no signature for servers. So `__call__` is
# the one way in which outputs are compared, and our signature is held to our own `__call__`.
# Images of any size are compared at another size too, and a training call there.
CLASSIFIER = Original(
    "mobilenet_v1_025_128",
    "classification",
    "classifier_export",
    "published_classifier",
    "classifier_checkpoint",
    variables=(137, 83),
    end_points=31,
    loss=(0.13488540, 15),
    checks={
        "weights": 137 + 2,
        "outputs": 2 * (3 + 2),
        "end points": 31 * (2 + 2),
        "frozen": 3 + 2,
        "training": 31 - 3,
        "moving averages": 54 * (5 + 1),
        "gradients": 83 * (2 + 2),
        "SGD step": 83 + 54 + 1,
        "dropout": 4 + 4,
        "regularization": 1 + 15,
    },
    broken={"R12": "failed"} | dict.fromkeys(("R13", "R19", "R20", "R27"), "skipped"),
    lacks=("serving_default",),
    described=2,
)


def param(original, *marks):
    """Makes a parameter, on the worker that makes the export."""
    group = pytest.mark.xdist_group(original.export)
    return pytest.param(original, marks=(group, *marks), id=str(original))
