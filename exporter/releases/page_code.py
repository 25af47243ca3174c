"""The Python in a page, which people copy: found, and led elsewhere than to TensorFlow Hub."""

import re

# Where Hub's handles lead, in links and in the code that users copy.
HOST = "https://tfhub.dev/"
_BLOCK = re.compile(r"^```python[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


def code_blocks(page: str) -> tuple[str, ...]:
    """Takes the Python out of a page.

    Args:
        page: Markdown.

    Returns:
        Programs, each of which runs by itself.
    """
    return tuple(_BLOCK.findall(page))


def loads(block: str, handle: str) -> bool:
    """Says whether code names a model, as a URL or by itself between quotes."""
    return _mention(handle).search(block) is not None


def localized(block: str, handle: str, url: str) -> str:
    """Lets code load a model from another URL than TensorFlow Hub's."""
    return _mention(handle).sub(lambda found: f"{found['quote']}{url}{found['quote']}", block)


def _mention(handle: str) -> re.Pattern[str]:
    name = f"(?:{re.escape(HOST)})?{re.escape(handle)}"
    return re.compile(rf"(?P<quote>[\"']){name}(?P=quote)")
