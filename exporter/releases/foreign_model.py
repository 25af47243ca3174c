"""A model that is none of our networks, as its release tells of it."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from exporter.contract import op_versions
from exporter.contract.form import Contract, Signature, Spec, Tensor
from exporter.errors import ContractError, PublishError
from exporter.releases import handle
from exporter.releases.manifest import ARCHIVE, Manifest
from exporter.releases.model_page import code
from exporter.releases.page_code import ANY_HOST
from exporter.releases.passed import ADVICE
from exporter.verifier.report.reference import RULES
from exporter.verifier.report.verification_report import VerificationReport
from slim_nets.recognition import recognized

_TRAINABLE = "trainable_variables"
# In a SavedModel of TensorFlow 1 that is a module of TensorFlow Hub.
_HUB_MODULE = "tfhub_module.pb"


@dataclass(frozen=True)
class ForeignModel:
    """A model that was compared with another one, or whose interface alone was checked.

    Attributes:
        contract: What it offers.
        report: Its report.
        main_tags: Which tags to ask for; None where there is only one set of them.
        hub_format: How TensorFlow Hub calls its form.
    """

    contract: Contract
    report: VerificationReport
    main_tags: tuple[str, ...] | None
    hub_format: str

    @property
    def reference(self) -> str:
        """What it was compared with: files by their digest, wherever they lay."""
        digest = self.report.reference_digest
        return f"a SavedModel with sha256 {digest}" if digest else RULES

    @property
    def is_known(self) -> bool:
        """Whether this process would write the same, which needs no network."""
        return True

    @property
    def tensorflow(self) -> str:
        """The version that wrote it."""
        return code(self.contract.tensorflow_version)

    @property
    def digests(self) -> tuple[str, ...]:
        """Of the model that it was compared with, if it was."""
        return tuple(filter(None, (self.report.reference_digest,)))

    @property
    def fine_tunable(self) -> bool:
        """Whether it lists what there is to train, and can be called otherwise than as served."""
        lists, functions = self.contract.lists, self.contract.functions
        return bool(_TRAINABLE in lists and lists[_TRAINABLE].names and "__call__" in functions)

    @property
    def parameters(self) -> int:
        """How many numbers its variables hold."""
        shapes = [variable.shape for variable in _listed(self.contract).values()]
        return sum(math.prod(size or 0 for size in shape) for shape in shapes)

    def fields(self) -> dict[str, Any]:
        """Returns no fields: nobody knows what it is, and where from."""
        return {}

    def page(self, draft: Manifest, asset_path: str) -> str:
        """Writes its page, which says what its files and its report say and no more."""
        template = resources.files(__package__).joinpath("foreign_page.md.j2").read_text("utf-8")
        environment = jinja2.Environment(  # Markdown, in which names of others' are made safe
            autoescape=False,  # noqa: S701
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=jinja2.StrictUndefined,
        )
        environment.filters["code"] = code
        known = handle.parse(draft.handle)
        page = environment.from_string(template).render(
            model=self,
            manifest=draft,
            asset_path=asset_path,
            archive=draft.files[ARCHIVE],
            signatures=[_row(name, s) for name, s in self.contract.signatures.items()],
            arguments=_arguments(self.contract),
            needed=op_versions.needed(self.contract.ops),
            oldest_asked=op_versions.asked()[0],
            passed=len([check for check in self.report.checks if check.holds]),
            skipped=len(self.report.with_status("skipped")),
            url=f"{draft.base_url or ANY_HOST}/{known}",
            version=known.version,
        )
        return re.sub(r"\n{3,}", "\n\n", page)

    def mismatches(self) -> Iterator[str]:
        """Says whether the report names what it was compared with otherwise."""
        if self.report.settings.reference != self.reference:
            yield "its report names another reference than its page"


def foreign_model(folder: Path, report: VerificationReport) -> ForeignModel:
    """Reads a model that is none of our networks.

    Raises:
        PublishError: If it cannot be read, or is one of our networks.
    """
    from exporter.contract.meta_graphs import meta_graphs, tags_of
    from exporter.contract.read import read
    from exporter.protobufs import read_saved_model

    try:
        contract = read(folder)
        graphs = meta_graphs(folder, read_saved_model(folder, PublishError))
    except ContractError as error:
        raise PublishError(str(error)) from error
    said = report.settings.reference
    if not report.reference_digest and said != RULES:
        raise PublishError(
            f"SavedModel '{folder}' has a report that does not say which files it was compared"
            f" with: expected their sha256, found '{said}'. {ADVICE}"
        )
    if found := recognized(_listed(contract), _image_size(contract)):
        variant, task = found
        raise PublishError(
            f"SavedModel '{folder}' is {variant.name} as {task}: expected a comparison with the"
            f" original graph, found one with {said}. {ADVICE}"
        )
    hub_format = "saved_model_2" if graphs.has_objects else "saved_model"
    return ForeignModel(
        contract,
        report,
        main_tags=tags_of(graphs.main) if graphs.others else None,
        hub_format="hub" if (folder / _HUB_MODULE).is_file() else hub_format,
    )


def _listed(contract: Contract) -> Mapping[str, Any]:
    """Returns the variables that a network could be known by."""
    all_of = contract.variables
    names = contract.lists["variables"].names if "variables" in contract.lists else all_of
    known = {name: all_of[name] for name in names if name in all_of}
    return {name: found for name, found in known.items() if found.shape is not None}


def _image_size(contract: Contract) -> tuple[int | None, int | None] | None:
    """Returns height and width of the first input that is RGB images, None where they are free."""
    inputs: list[Tensor] = [t for s in contract.signatures.values() for t in s.inputs.values()]
    for function in contract.functions.values():
        leaves = (leaf for trace in function.traces for leaf in trace.inputs.values())
        inputs += [leaf for leaf in leaves if isinstance(leaf, Spec)]
    shapes = [tensor.shape for tensor in inputs if tensor.shape and len(tensor.shape) == 4]
    return next(((h, w) for _, h, w, channels in shapes if channels == 3), None)


def _row(name: str, signature: Signature) -> tuple[str, str, str]:
    """Writes a row of the table of signatures."""
    sides = [
        ", ".join(f"`{code(key)}` {_told(tensor)}" for key, tensor in side.items()) or "none"
        for side in (signature.inputs, signature.outputs)
    ]
    return f"`{code(name)}`", sides[0], sides[1]


def _told(tensor: Tensor) -> str:
    if tensor.shape is None:
        return f"{tensor.dtype} of any shape"
    sizes = ", ".join("any" if size is None else str(size) for size in tensor.shape)
    return f"{tensor.dtype} [{sizes}]"


def _arguments(contract: Contract) -> str:
    """Writes how the model itself is called; empty if it is not."""
    call = contract.functions.get("__call__")
    if call is None:
        return ""
    told = [code(a.name if a.default is None else f"{a.name}={a.default}") for a in call.arguments]
    return ", ".join(told)
