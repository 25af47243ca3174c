"""Forms of the fields of reports and manifests, so that none can say more than it is for."""

import math
import re
from typing import Annotated

from pydantic import AfterValidator, Field

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
    if least < 1 or not 0 < variant.depth_multiplier < math.inf or not named:
        raise ValueError(f"no network is {variant.name!r}")
    return variant


SizedVariant = Annotated[Variant, AfterValidator(_sized)]
