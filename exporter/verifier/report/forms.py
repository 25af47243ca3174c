"""Forms of the fields of reports and manifests, so that none can say more than it is for."""

import math
import re
from typing import Annotated

from pydantic import AfterValidator, Field

from slim_nets.graph_network import GraphFunction
from slim_nets.own_code import REFERENCE
from slim_nets.registry import Variant

# 64 hexadecimal digits of a SHA-256.
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
OptionalDigest = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]

# Text that cannot begin a line of its own on a page.
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]

# What comes before the handles of models on a host: no query, and nothing that code would obey.
BASE_URL = r"^https?://[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?(/[A-Za-z0-9._~-]+)*$"
BaseUrl = Annotated[str, Field(pattern=BASE_URL)]

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Pixels = Annotated[int, Field(ge=1, le=1 << 16)]


def _sized(variant: Variant) -> Variant:
    """Refuses what no network has; which networks there are, others may know better."""
    least = min(*variant.image_size, variant.own_classes or 1)
    named = re.fullmatch(r"\w+", variant.family) and re.fullmatch(r"[\w ,.-]*", variant.widths)
    sized = least >= 1 and 0 < variant.depth_multiplier < math.inf
    if not sized or not named or not _is_named(variant.graph, variant.family):
        raise ValueError(f"no network is {variant.family!r}")
    return variant


def _is_named(function: GraphFunction | None, family: str) -> bool:
    """Returns whether a function, if there is one, is told as flags tell it."""
    if function is None:
        return True
    told = (function.function, function.arg_scope or function.function)
    low, high = function.input_range
    return (
        all(REFERENCE.fullmatch(text) for text in told)
        and function.name == family
        and bool(re.fullmatch(r"[\w./-]*", function.features))
        and -math.inf < low < high < math.inf
    )


SizedVariant = Annotated[Variant, AfterValidator(_sized)]
