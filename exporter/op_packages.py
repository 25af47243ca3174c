"""Which package brings ops and types that TensorFlow itself does not have, as a table of rows."""

import importlib
import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpPackage:
    """A package that has to be imported before its models are loaded.

    Attributes:
        name: By which it is imported.
        install: By which pip knows it.
        ops: Matches the names of its ops.
        types: Matches the names of its types of arguments and results.
    """

    name: str
    install: str
    ops: str = ""
    types: str = ""


OP_PACKAGES = (
    OpPackage("tensorflow_decision_forests", "tensorflow-decision-forests", r"SimpleML\w+"),
    OpPackage(
        "tf_sentencepiece", "tf-sentencepiece", r"Sentencepiece(Encode(Sparse|Dense)|Decode|Get\w+)"
    ),
    OpPackage(
        "tensorflow_text",
        "tensorflow-text",
        r"TFText>\w+|Sentencepiece\w*Op|(Fast)?Wordpiece\w+|WhitespaceTokenize\w+"
        r"|UnicodeScriptTokenize\w+|RegexSplit\w+|SentenceFragments\w*|SplitMerge\w+|CaseFoldUTF8"
        r"|NormalizeUTF8\w*|ConstrainedSequence|MaxSpanningTree|RougeL",
    ),
    OpPackage("scann", "scann", r"(Addons>)?Scann\w*(>\w+)?"),
    OpPackage("tensorflow_recommenders_addons", "tensorflow-recommenders-addons", r"TFRA>\w+"),
    OpPackage("tensorflow_addons", "tensorflow-addons", r"Addons>\w+"),
    OpPackage("tensorflow_io", "tensorflow-io", r"IO>\w+"),
    OpPackage("struct2tensor", "struct2tensor", r"DecodeProto(Sparse|Map)\w*|EquiJoin\w*Indices"),
    OpPackage("horovod.tensorflow", "horovod", r"Horovod\w+"),
    OpPackage("reverb", "dm-reverb", r"Reverb\w+"),
    OpPackage("tensorflow_quantum", "tensorflow-quantum", r"Tfq\w+"),
    OpPackage(
        "tensorflow_probability",
        "tensorflow-probability",
        types=r"(tfp|tensorflow_probability)\..+|\w+_ACTTypeSpec",
    ),
    OpPackage("tf_agents", "tf-agents", types=r"tf_agents\..+"),
)


def package_of_op(op: str) -> OpPackage | None:
    """Finds the package that has an op; None if it is not known."""
    return next((row for row in OP_PACKAGES if re.fullmatch(row.ops, op)), None)


def package_of_type(name: str) -> OpPackage | None:
    """Finds the package that has a type; None if it is not known."""
    return next((row for row in OP_PACKAGES if re.fullmatch(row.types, name)), None)


def imported(packages: Iterable[OpPackage]) -> dict[str, str]:
    """Imports packages, which then bring their ops, as far as they are installed.

    Args:
        packages: Which.

    Returns:
        Why one could not be imported, by its name; empty for those that were.
    """
    return {row.name: _import(row.name) for row in packages}


def _import(name: str) -> str:
    try:
        importlib.import_module(name)
    except Exception as error:  # noqa: BLE001  (a library raises what it likes)
        if isinstance(error, ModuleNotFoundError) and name.startswith(error.name or " "):
            return "none"
        lines = str(error).splitlines() or [type(error).__name__]
        return f"one that cannot be imported ({lines[0]})"
    return ""
