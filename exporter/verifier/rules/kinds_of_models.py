"""Which kinds of models are judged, and which are not, and why. TensorFlow is not needed here."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class KindOfModel:
    """One kind.

    Attributes:
        what: How it is known.
        judged: Whether it is, "given" if a user gives examples.
        how: In which way, or why not.
    """

    what: str
    judged: Literal["yes", "given", "no"]
    how: str


KINDS: tuple[KindOfModel, ...] = (
    KindOfModel(
        "__call__ and signatures that take different things",
        "yes",
        "Each is called with what its own specification asks for; a signature is compared with"
        " __call__ where both take the same.",
    ),
    KindOfModel(
        "several inputs, in a dict or as arguments",
        "yes",
        "Every input gets values of its own, by its name; whole numbers are 0 and 1, and others in"
        " two probes where the model takes them.",
    ),
    KindOfModel(
        "arguments that may be left out",
        "yes",
        "Numbers are tried at other values than their defaults. Tensors whose default is no number"
        " are named, and left out.",
    ),
    KindOfModel(
        "numbers without a batch, ragged and sparse tensors",
        "yes",
        "They are made of the same values; float noise is not measured op by op in ragged and"
        " sparse ones.",
    ),
    KindOfModel("training without a default", "yes", "It is called with False, and with True."),
    KindOfModel(
        "text, and tables that look it up",
        "yes",
        "Seven words are tried, and the files of vocabularies compared; what is no variable among"
        " `variables` is left out.",
    ),
    KindOfModel(
        "signatures that change variables, such as a step of training",
        "yes",
        "What a call leaves is compared, and put back before the next; rules of inference are not"
        " asked of signatures that do so, but of the ones that are served by default.",
    ),
    KindOfModel(
        "results that are drawn at random in inference",
        "yes",
        "The reference is called again where it differs: what changes from call to call is named"
        " and not compared, but that the model draws it too.",
    ),
    KindOfModel(
        "serialized examples, encoded images, and all that fails on what is made up",
        "given",
        "Inputs cannot be made up for them: give --inputs=FILE.npz, or --images where one string"
        " is a file. Else what can be called is compared, and rules that call are skipped.",
    ),
    KindOfModel(
        "datasets, resources and variants as inputs",
        "no",
        "No file holds such values; other ways of calling the model are judged.",
    ),
    KindOfModel(
        "calls that change tables or queues",
        "no",
        "Nobody can put those back before the next call; other ways of calling are judged.",
    ),
    KindOfModel(
        "other functions beside __call__ and signatures, and __call__ with inputs of other dtypes",
        "no",
        "Those of the root are named as not compared: save a signature that calls them.",
    ),
    KindOfModel(
        "neither __call__ nor a signature",
        "no",
        "There is nothing to call.",
    ),
)
