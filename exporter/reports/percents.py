"""Writes shares and their intervals for people."""


def percent(share: float | None, *, signed: bool = False) -> str:
    """Writes a share in percent; empty where there is none."""
    if share is None:
        return ""
    return f"{100 * share:+.2f}" if signed else f"{100 * share:.2f}"


def between(interval: tuple[float, float] | None, *, signed: bool = False) -> str:
    """Writes an interval in percent; empty where there is none."""
    if interval is None:
        return ""
    low, high = interval
    return f"{percent(low, signed=signed)} to {percent(high, signed=signed)}"
