"""The contract of a SavedModel, as it is written to `contract.json`.

What no consumer can notice is left out: names and order of functions and
nodes, the order of the root's children and of a dict's keys (TensorFlow sorts
them), names of output tensors inside of a function, fingerprint, and values of
variables.
"""

import json
import re
from typing import Literal

import pydantic

Shape = tuple[int | None, ...] | None
# What is done with an op: whether TensorFlow knows it, and whether its result
# depends on more than its inputs (state), or it reaches files, Python or a network.
OpKind = Literal["known", "stateful", "outside", "unknown"]
Place = Literal["signatures", "inference", "training", "saver", "elsewhere"]
# How a list of variables is ordered: as the network uses them, layer by layer;
# in no order at all, as a hash leaves them; or some other way.
Order = Literal["network", "arbitrary", "other"]

# The root's children that have a meaning of their own.
SIGNATURES, LOSSES = "signatures", "regularization_losses"
VARIABLE_LISTS = ("variables", "trainable_variables")
APART = frozenset({SIGNATURES, LOSSES, *VARIABLE_LISTS})
# The argument that chooses the mode.
TRAINING = "training"

# A list of numbers in indented JSON; no string holds a line break.
_NUMBERS = re.compile(r"\[\n[^\"\[\]{}]*\]")


class Part(pydantic.BaseModel, frozen=True, extra="forbid", strict=True):
    """A part of a contract: unchangeable, and without unknown fields."""


class Tensor(Part):
    """What every tensor has.

    Attributes:
        dtype: Such as `float32`; "sparse float32" where it is not dense.
        shape: None for an unknown rank, and in it for a free dimension.
    """

    dtype: str
    shape: Shape


class Spec(Tensor):
    """An argument or result of a function; a result's name is empty."""

    name: str = ""


# A tensor, or a Python value as `repr` writes it.
Leaf = Spec | str


class Nest(Part):
    """A structure of tensors.

    Attributes:
        kind: Of the outermost level: tensor, dict, list, tuple, "namedtuple
            <name>" or value.
        leaves: By where they are: "" for a tensor; the key in a dict, `[0]`
            in a list, `(0)` in a tuple, further levels appended.
    """

    kind: str
    leaves: dict[str, Leaf]


class SignatureTensor(Tensor):
    """An input or output of a signature.

    Attributes:
        tensor: Its name in the graph.
        default: Value of an input that clients may leave out, else None.
    """

    tensor: str
    default: str | None = None


class Signature(Part):
    """One SignatureDef.

    Attributes:
        method_name: Which API serves it.
        inputs: By key.
        outputs: By key.
        updates: Whether it assigns variables.
        attribute: Whether it is in `model.signatures`, too.
    """

    method_name: str
    inputs: dict[str, SignatureTensor]
    outputs: dict[str, SignatureTensor]
    updates: bool
    attribute: bool


class Argument(Part):
    """One argument of a function.

    Attributes:
        name: Its name.
        keyword_only: Whether it cannot be given by position.
        default: As `repr` writes it; None for a required argument.
    """

    name: str
    keyword_only: bool
    default: str | None


class ConcreteFunction(Part):
    """One trace of a function.

    Attributes:
        inputs: By argument; nests have one entry a leaf, as in `Nest`.
        outputs: What it returns.
        unused: Arguments that are tensors and have no effect.
        updates: Names of the variables that it assigns.
    """

    inputs: dict[str, Leaf]
    outputs: Nest
    unused: tuple[str, ...]
    updates: tuple[str, ...]

    @property
    def training(self) -> bool:
        """Whether it is for training mode alone."""
        return self.inputs.get(TRAINING) == "True"


class Function(Part):
    """A function that callers reach from the root.

    Attributes:
        arguments: In their order.
        varargs: Name of `*args`, where it takes them.
        varkw: Name of `**kwargs`, where it takes them.
        jit_compile: Whether it demands XLA.
        traces: Sorted by their inputs.
    """

    arguments: tuple[Argument, ...]
    varargs: str | None
    varkw: str | None
    jit_compile: bool
    traces: tuple[ConcreteFunction, ...]


class Loss(Part):
    """One regularization loss.

    Attributes:
        arguments: Names of those that it needs; none are given.
        value: What it returns.
        variables: Names of those that it depends on, sorted.
    """

    arguments: tuple[str, ...]
    value: Nest
    variables: tuple[str, ...]


class Variable(Tensor):
    """One variable.

    Attributes:
        trainable: Its own flag.
        synchronization: How replicas see it.
        aggregation: How replicas' values are put together.
        path: Where it hangs on the root, which is its key in a checkpoint;
            positions in lists are written as `*`. Without objects, its name.
    """

    trainable: bool
    synchronization: str
    aggregation: str
    path: str


class VariableList(Part):
    """One of the root's lists.

    Attributes:
        names: In its order.
        order: What kind of order that is.
    """

    names: tuple[str, ...]
    order: Order


class UsedOp(Part):
    """One op.

    Attributes:
        kind: What is to be known of it.
        places: What uses it.
    """

    kind: OpKind
    places: tuple[Place, ...]


class Sizes(Part):
    """Sizes in bytes.

    Attributes:
        saved_model: Of `saved_model.pb`.
        variables: Of the files in `variables/`.
    """

    saved_model: int
    variables: int


class Contract(Part):
    """What consumers of a SavedModel depend on.

    Attributes:
        schema_version: Of this form.
        tags: Of the meta graph; where there are several, the tags of each as one text.
        saved_model_schema: Version of the SavedModel's form.
        min_consumer: Oldest GraphDef version that may read the graph.
        tensorflow_version: Which wrote it.
        description: What it says of itself (`meta_graph_version`).
        saver: Version of the saver, empty where there is none.
        assets: SHA-256 of each file, by its path in `assets/`.
        root: Kind of the root object.
        children: Kinds of the root's children, by name.
        signatures: By name, without the one that initializes; of further meta graphs, by name and
            tags, such as `default [train]`.
        functions: By name; those of the root's children are `child.name`.
        losses: The list `regularization_losses`; None without one.
        variables: By name; namesakes are numbered.
        lists: `variables` and `trainable_variables`, where they are there.
        ops: By name.
        sizes: In bytes.
        index_mismatches: How variables and index disagree; nothing in a sound model.
    """

    schema_version: Literal[1] = 1
    tags: tuple[str, ...]
    saved_model_schema: int
    min_consumer: int
    tensorflow_version: str
    description: str
    saver: str
    assets: dict[str, str]
    root: str
    children: dict[str, str]
    signatures: dict[str, Signature]
    functions: dict[str, Function]
    losses: tuple[Loss, ...] | None
    variables: dict[str, Variable]
    lists: dict[str, VariableList]
    ops: dict[str, UsedOp]
    sizes: Sizes
    index_mismatches: tuple[str, ...] = ()

    @property
    def offers_something(self) -> bool:
        """Whether it holds anything that can be called."""
        return bool(self.signatures or any(f.traces for f in self.functions.values()))

    def to_json(self) -> str:
        """Writes it with sorted keys, one field a line, shapes on one line."""
        text = json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True)
        return _NUMBERS.sub(lambda found: json.dumps(json.loads(found[0])), text) + "\n"
