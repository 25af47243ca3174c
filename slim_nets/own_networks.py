"""Networks of one's own as tables, in modules that the environment names."""

import importlib
import os
import sys
from pathlib import Path

from slim_nets.network import Network, NetworkError
from slim_nets.own_code import prints_to_errors, told

# Modules with networks of one's own, separated by commas. They are imported in every process.
MODULES_VARIABLE = "SLIM_EXPORT_NETWORKS"


def own_modules() -> list[str]:
    """Returns the names of the modules that the environment names."""
    parts = os.environ.get(MODULES_VARIABLE, "").split(",")
    return [part.strip() for part in parts if part.strip()]


def networks_of(name: str) -> tuple[Network, ...]:
    """Imports the networks of a module.

    Raises:
        NetworkError: If it has none.
    """
    try:
        with prints_to_errors():
            found = importlib.import_module(name).NETWORKS
    except (Exception, SystemExit) as error:
        why = error if isinstance(error, ImportError | AttributeError) else told(error)
        raise NetworkError(
            f"Networks cannot be had from module '{name}': expected one with NETWORKS, found"
            f" {why}. Correct {MODULES_VARIABLE}, or PYTHONPATH."
        ) from error
    if not isinstance(found, tuple) or not all(isinstance(n, Network) for n in found):
        raise NetworkError(
            f"NETWORKS of module '{name}' is no tuple of networks: expected records"
            f" {Network.__module__}.Network, found {found!r:.60}. Mend the module."
        )
    return found


def own_folders() -> list[str]:
    """Returns the folders from which modules of one's own are imported, for other processes."""
    folders = []
    for name in own_modules():
        networks_of(name)
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None:
            above = name.count(".") + (Path(file).stem == "__init__")
            folders.append(str(Path(file).absolute().parents[above]))
    return list(dict.fromkeys(folders))
