"""How much memory a process has had."""

import re
import resource
import sys
from pathlib import Path

# macOS counts in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024
_MOST = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak() -> int:
    """Returns the most bytes that this process and its children ever had.

    The system's own count, `ru_maxrss`, begins with what the parent had when
    it started the process, and leaves out children that still run. So it stands
    in only where there is no `/proc`.
    """
    if Path("/proc/self/status").is_file():
        return _peak_of("self")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def _peak_of(process: str) -> int:
    """Sums over a process and its children, some of which may be gone meanwhile."""
    own = _MOST.search(_read(Path("/proc", process, "status")))
    tasks = Path("/proc", process, "task").glob("*/children")
    children = {child for path in tasks for child in _read(path).split()}
    return (int(own[1]) * 1024 if own else 0) + sum(map(_peak_of, children))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
