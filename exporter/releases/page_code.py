"""The Python in a page, which people copy: found, and led to where the model is."""

import re

# Stands in pages for the URL of a host, until it is known which serves them.
ANY_HOST = "https://HOST"
_ANY_HOST = re.compile(rf"{re.escape(ANY_HOST)}(?![\w.-])")
_BEGIN, _END = "```python", "```"


def code_blocks(page: str) -> tuple[str, ...]:
    """Takes the Python out of a page.

    Args:
        page: Markdown.

    Returns:
        Programs, each of which runs by itself.
    """
    found: list[str] = []
    block: list[str] | None = None
    for line in page.split("\n"):
        fence = line.rstrip(" \t")
        if block is None:
            block = [] if fence == _BEGIN else None
        elif fence == _END:
            found.append("".join(block))
            block = None
        else:
            block.append(f"{line}\n")
    return tuple(found)


def loads(block: str, handle: str) -> bool:
    """Says whether code names a model, as a URL or by itself between quotes."""
    return _mention(handle).search(block) is not None


def localized(block: str, handle: str, url: str) -> str:
    """Lets code load a model from another URL than the one it names."""
    return _mention(handle).sub(lambda found: f"{found['quote']}{url}{found['quote']}", block)


def served_from(page: str, base_url: str) -> str:
    """Writes the URL of a host into a page that leaves it open.

    Args:
        page: Markdown.
        base_url: What comes before handles, without a slash at its end.

    Returns:
        The page; one that names a host is left as it is.
    """
    return _ANY_HOST.sub(lambda _: base_url, page)


def _mention(handle: str) -> re.Pattern[str]:
    name = rf"(?:https?://[^\s\"']+/)?{re.escape(handle)}"
    return re.compile(rf"(?P<quote>[\"']){name}(?P=quote)")
