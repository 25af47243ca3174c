"""How much memory a process has had."""

import re
import resource
from pathlib import Path

_MOST = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak() -> int:
    """Returns the most bytes that this process and its children ever had.

    The system's own count, `ru_maxrss`, begins with what the parent had when
    it started the process, so it stands in only where there is no `/proc`.
    """
    if Path("/proc/self/status").is_file():
        return _peak_of("self")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _peak_of(process: str) -> int:
    """Sums over a process and its children, some of which may be gone meanwhile."""
    folder = Path("/proc", process)
    try:
        own = _MOST.search((folder / "status").read_text())
        tasks = [(task / "children").read_text() for task in (folder / "task").iterdir()]
    except OSError:
        return 0
    children = {child for listed in tasks for child in listed.split()}
    return (int(own[1]) * 1024 if own else 0) + sum(map(_peak_of, children))
