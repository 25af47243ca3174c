"""What consumers of a SavedModel depend on: locked as JSON, and compared with a later model.

Reading a model needs its protobuf and the index of its variables, neither a
session nor its values; comparing two contracts needs no TensorFlow at all.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from absl import logging

from exporter import quiet
from exporter.errors import ContractError, listing
from exporter.progress import Progress, Remark, silent
from exporter.protobufs import check_is_there

if TYPE_CHECKING:
    from exporter.contract.contract_rules import Consumer
    from exporter.contract.diff import ContractDiff
    from exporter.contract.form import Contract

_STEP = "read model"


def contract_lock(
    model_dir: Path,
    lock: Path | None = None,
    *,
    overwrite: bool = False,
    progress: Progress = silent,
    remark: Remark = logging.warning,
) -> "Contract":
    """Reads what consumers of a SavedModel depend on, to hold later models to it.

    Args:
        model_dir: The SavedModel.
        lock: A file to write it to, such as `contract.json`; it appears whole.
        overwrite: Whether one that is there may be replaced.
        progress: Told what is done.
        remark: Told if the model offers nothing to call.

    Returns:
        The contract; `to_json` writes it, the same text for the same model.

    Raises:
        ContractError: If the model is none that TensorFlow 2 could load, its
            variables are not all in its index, or the file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> import exporter
        >>> contract = exporter.contract_lock(Path("model"), Path("contract.json"))
        >>> sorted(contract.signatures)
        ['serving_default']
    """
    from exporter.contract import files

    if lock is not None:
        files.check_free(lock, "--lock", overwrite=overwrite)
    check_is_there(model_dir, ContractError)
    progress(_STEP, 0, None)
    quiet.import_tensorflow()
    from exporter.contract.read import INDEX, read

    contract = read(model_dir)
    if not contract.offers_something:
        remark(
            f"Model '{model_dir}' offers nothing to call: expected signatures or traced functions,"
            " found 0 signatures, 0 traces. Nearly every later model keeps such a contract; trace"
            " a function, or save the model with signatures."
        )
    if contract.index_mismatches:
        raise ContractError(
            f"Model '{model_dir}' does not fit its index: expected all variables in"
            f" '{INDEX}', found: {listing(contract.index_mismatches)}. Export or copy it again."
        )
    if lock is not None:
        files.write(lock, contract.to_json().encode(), "--lock", overwrite=overwrite)
    return contract


def contract_check(
    model_dir: Path,
    lock: Path,
    *,
    consumer: "Consumer | None" = None,
    accept: Path | None = None,
    junit: Path | None = None,
    progress: Progress = silent,
) -> "ContractDiff":
    """Compares a model with a locked contract.

    Args:
        model_dir: The SavedModel.
        lock: The contract, as `contract_lock` wrote it.
        consumer: Whom the model must not break; None for everyone.
        accept: JSON list of deliberate changes, each with rule, subject, reason and date.
        junit: Where JUnit XML is to appear, a test case a rule; replaces what is there.
        progress: Told what is done.

    Returns:
        Every difference, classed; `passed` says whether one breaks the consumer.

    Raises:
        ContractError: If a file or the model cannot be read, an acceptance
            matches nothing, or the XML cannot be written.

    Example:
        >>> from pathlib import Path
        >>> import exporter
        >>> exporter.contract_check(Path("model"), Path("contract.json")).passed
        True
    """
    from exporter.contract import files
    from exporter.contract.compare_contracts import compare, mark_accepted
    from exporter.contract.diff import ContractDiff

    locked = files.read_lock(lock)
    accepted = files.read_acceptances(accept) if accept else []
    if junit:
        files.check_free(junit, "--junit", overwrite=True)
    check_is_there(model_dir, ContractError)
    progress(_STEP, 0, None)
    quiet.import_tensorflow()
    from exporter.contract.read import read

    differences = mark_accepted(compare(locked, read(model_dir)), accepted)
    diff = ContractDiff(consumer=consumer, differences=differences)
    if junit:
        files.write(junit, diff.junit(), "--junit", overwrite=True)
    return diff
