"""Turns TF-Slim checkpoints into reusable TF2 SavedModels.

The functions below do what the commands of `slim-export` do, each with an
example; `evaluate` is a step of a pipeline of Apache Beam. What cannot be done
raises `ExporterError` with the sentence that the command line prints.
Importing this package imports nothing else: a function's module comes with its
first use, and TensorFlow when a stage needs it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checkpoints.names import RestoreOptions
    from exporter.choices import variant_named, variant_of
    from exporter.contract import contract_check, contract_lock
    from exporter.conversion import ConvertRequest, convert
    from exporter.errors import ExporterError
    from exporter.evaluation import EvaluateRequest, evaluate
    from exporter.exporting import ExportRequest, export
    from exporter.releases.handle import parse as model_handle
    from exporter.releases.sending import PublishRequest
    from exporter.releases.writing import PackageRequest
    from exporter.releasing import ServeRequest, package, publish, serve
    from exporter.sources import checkpoint_source
    from exporter.verification import VerifyRequest, verify
    from slim_nets.graph_network import GraphFunction

__version__ = "0.1.0"

# Where each name is, and under which other name there; in the order of a model's way.
_HOMES = {
    **dict.fromkeys(("ExportRequest", "RestoreOptions", "export"), "exporting"),
    **dict.fromkeys(("variant_named", "GraphFunction", "variant_of"), "choices"),
    "checkpoint_source": "sources",
    **dict.fromkeys(("VerifyRequest", "verify"), "verification"),
    **dict.fromkeys(("ConvertRequest", "convert"), "conversion"),
    **dict.fromkeys(("EvaluateRequest", "evaluate"), "evaluation"),
    **dict.fromkeys(("contract_lock", "contract_check"), "contract"),
    "model_handle": "releases.handle:parse",
    **dict.fromkeys(("PackageRequest", "package", "PublishRequest", "publish"), "releasing"),
    **dict.fromkeys(("ServeRequest", "serve"), "releasing"),
    "ExporterError": "errors",
}
__all__ = list(_HOMES)


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, other = _HOMES[name].partition(":")
    return getattr(importlib.import_module(f"{__name__}.{module}"), other or name)
