"""How people install what is missing, said in this one place.

No package index has slim-exporter yet. What is said is therefore taken from where this
installation came from: a checkout, a wheel or a git URL; and once it came from an
index, that is what is said, without a change here.
"""

import json
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

_NAME = "slim-exporter"


def pip_install(extra: str) -> str:
    """Returns the command that adds what an extra brings to this installation.

    Args:
        extra: One of `pyproject.toml`, such as "serve".

    Returns:
        A command for a shell, which works in any folder.
    """
    return f"{_pip()} install {_requirement(extra, _came_from())}"


def _pip() -> str:
    """Returns the pip of this Python, which need not be the one that the shell finds."""
    found = shutil.which("pip")
    here = found is not None and Path(found).parent == Path(sys.executable).parent
    return "pip" if here else f"{sys.executable} -m pip"


def _requirement(extra: str, came_from: dict[str, Any]) -> str:
    """Names this installation and an extra as pip wants it.

    Args:
        extra: The extra.
        came_from: `direct_url.json` of the installation; empty for one from an index.
    """
    named = f"{_NAME}[{extra}]"
    if not came_from:
        return f"'{named}'"
    url = came_from["url"]
    if came_from.get("dir_info", {}).get("editable"):
        return f"--editable '{url.removeprefix('file://')}[{extra}]'"
    if vcs := came_from.get("vcs_info"):
        return f"'{named} @ {vcs['vcs']}+{url}@{vcs['commit_id']}'"
    return f"'{named} @ {url}'"


def _came_from() -> dict[str, Any]:
    """Reads where pip got this installation from (PEP 610); empty if from an index."""
    try:
        text = metadata.distribution(_NAME).read_text("direct_url.json")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        checkout = Path(__file__).resolve().parents[1]
        return {"url": f"file://{checkout}", "dir_info": {"editable": True}}
    told: dict[str, Any] = json.loads(text) if text else {}
    return told
