"""What a converted file says of itself, in formats that have a place for it."""

from typing import TYPE_CHECKING

from exporter import __version__, digests
from exporter.converters.formats import Options
from slim_nets.registry import recognized

if TYPE_CHECKING:
    from exporter.converters.source import Source

PRODUCER = "slim-export"


def properties(source: "Source", options: Options) -> dict[str, str]:
    """Describes a conversion; nothing in it changes from one to the next.

    Args:
        source: What is converted.
        options: Of which author and licence are named.

    Returns:
        Names and values in sorted order; without those that are not known.
    """
    variables = source.model.variables()
    variant, task = recognized(variables, source.model.input_spec.image_size) or (None, "")
    found = {
        "author": options.author,
        "license": options.license,
        "producer": f"{PRODUCER} {__version__}",
        "source_sha256": digests.of_folder(source.folder),
        "task": task,
        "variant": variant.name if variant else "",
    }
    return {name: value for name, value in found.items() if value}
