"""What a page's code may do while it is rehearsed: compute, and write into its own folder.

This keeps mistakes from doing harm. It holds off nobody who means it: the code runs with all
rights of whoever rehearses it, and Python's auditing sees what Python does, not what libraries do.
"""

import os
import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from exporter.releases.serve.host import is_this_machine
from exporter.unpack import MAX_BYTES

# Of Python's auditing.
Hook = Callable[[str, tuple[Any, ...]], None]

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Events that change files, and which of their arguments are paths.
_CHANGES: Mapping[str, slice] = {
    **dict.fromkeys(("os.remove", "os.rmdir", "os.mkdir", "os.truncate"), slice(1)),
    **dict.fromkeys(("os.chmod", "os.chown", "os.utime", "os.setxattr"), slice(1)),
    # Which goes on by names below an open folder, of which nothing says where it is.
    "shutil.rmtree": slice(1),
    **dict.fromkeys(("os.rename", "os.link"), slice(2)),
    "os.symlink": slice(1, 2),
}
_PROCESSES = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn"}
    | {"os.spawn", "pty.spawn", "os.kill", "os.killpg"}
)


def limit_files() -> None:
    """Lets this process write no file of more than a model's archive may hold, nor a core."""
    for what, wanted in ((resource.RLIMIT_FSIZE, MAX_BYTES), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(what, (most, most))


def refuse_other_machines(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuses connections that leave this machine; called for every event of Python's auditing."""
    if event == "socket.connect":
        host = arguments[1][0] if isinstance(arguments[1], tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and not is_this_machine(host):
        raise ConnectionRefusedError(f"a rehearsal does not connect to {host}")


def within(folder: Path) -> Hook:
    """Makes a hook that refuses other processes, and changes of files elsewhere.

    Args:
        folder: Where files may be written.

    Returns:
        To be called for every event of Python's auditing.
    """
    own = folder.resolve()

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _PROCESSES:
            raise PermissionError(f"a rehearsal starts and ends no processes ({event})")
        for path in _changed(event, arguments):
            place = Path(os.fsdecode(path)).absolute()
            if place != Path(os.devnull) and not place.resolve().is_relative_to(own):
                raise PermissionError(f"a rehearsal writes into its own folder, not '{place}'")

    return refuse


def _changed(event: str, arguments: tuple[Any, ...]) -> list[Any]:
    """Returns the paths that are about to be changed; files that are open already have none."""
    if event == "open":
        path, mode, flags = arguments
        writes = bool(set("wax+") & set(mode)) if mode else bool(flags & _WRITING)
        paths = [path] if writes else []
    else:
        paths = list(arguments[_CHANGES[event]]) if event in _CHANGES else []
    return [path for path in paths if not isinstance(path, int)]
