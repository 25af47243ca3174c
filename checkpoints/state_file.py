"""The file `checkpoint`, in which TensorFlow notes the newest checkpoint of a folder."""

import re
from pathlib import Path

STATE_FILE = "checkpoint"

# Of the file, in whose first line that note stands; and of a path, which systems allow 4096 bytes.
_MAX_CHARACTERS, _MAX_PATH = 1 << 20, 4096

_LINE = re.compile(rf"""^model_checkpoint_path:\s*(["'])(.{{1,{_MAX_PATH}}})\1\s*$""", re.MULTILINE)
# Of protobuf's text form: a backslash, and characters that are not ASCII, byte by byte.
_ESCAPES = re.compile(r"\\\\|(?:\\[0-3][0-7]{2})+")


def noted_path(state: Path) -> tuple[str, ...]:
    """Reads the path of the newest checkpoint.

    Args:
        state: The file.

    Returns:
        The parts of the path behind its last `..`, such as `C:`, `train` and
        `model.ckpt-9`, whether Windows or another system wrote it; empty if
        the file notes none, or one that no file can have.
    """
    with state.open(encoding="utf-8", errors="replace") as file:
        found = _LINE.search(file.read(_MAX_CHARACTERS))
    if found is None:
        return ()
    parts = re.split(r"[\\/]+", _ESCAPES.sub(_unescaped, found[2]))
    while ".." in parts:
        del parts[: parts.index("..") + 1]
    return tuple(part for part in parts if part not in ("", "."))


def _unescaped(escape: re.Match[str]) -> str:
    if escape[0] == r"\\":
        return "/"  # of Windows; no other system has it in names
    return bytes(int(digits, 8) for digits in escape[0].split("\\")[1:]).decode(errors="replace")
