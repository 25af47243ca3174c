"""Imports functions of one's own by name, and says where in them an error is."""

import contextlib
import importlib
import inspect
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from slim_nets.network import NetworkError

# As flags and reports name a function: package.module:function.
REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
# Of a traceback and of a module's functions; more of them would hide the last, which tell most.
_FRAMES, _LISTED = 3, 5
_MAX_SAID = 300  # characters of an error's own text
_LIBRARIES = ("slim_nets", "tensorflow", "tf_slim", "tf_keras")


def loaded(reference: str, flag: str) -> Callable[..., Any]:
    """Imports a function, from `PYTHONPATH` or the current folder, into this process.

    Args:
        reference: Such as `package.module:function`.
        flag: Which flag names it.

    Returns:
        The function.

    Raises:
        NetworkError: If there is no such module or function, or the module cannot be imported.
    """
    name, _, wanted = reference.partition(":")
    module = _module(name, reference, flag)
    found: Any = getattr(module, wanted, None)
    if callable(found):
        function: Callable[..., Any] = found
        return function
    if found is not None:
        raise NetworkError(
            f"Function '{reference}' is not a function: expected one, found"
            f" {type(found).__name__}. Change {flag}."
        )
    functions = [n for n, v in vars(module).items() if inspect.isfunction(v) and n[0] != "_"]
    listed = ", ".join(sorted(functions)[:_LISTED]) or "no function"
    more = f" and {len(functions) - _LISTED} more" if len(functions) > _LISTED else ""
    raise NetworkError(
        f"Function '{reference}' is missing: expected '{wanted}' in module '{name}', found"
        f" {listed}{more}. {_hidden(name) or f'Change {flag}.'}"
    )


def _module(name: str, reference: str, flag: str) -> Any:
    _look_in_the_current_folder()
    try:
        with _tensorflow_2(reference), prints_to_errors():
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise NetworkError(
                f"Function '{reference}' cannot be imported: expected module '{name}' in PYTHONPATH"
                f" or the current folder, found no '{error.name}'."
                f" {_hidden(name) or f'Set PYTHONPATH, or change {flag}.'}"
            ) from error
        raise _not_imported(reference, error) from error
    except NetworkError:
        raise
    except (Exception, SystemExit) as error:
        raise _not_imported(reference, error) from error


def _hidden(name: str) -> str:
    """Says what to do where a module of the current folder is hidden by another of its name."""
    top = name.partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None)
    for here in (Path.cwd() / f"{top}.py", Path.cwd() / top):
        if here.exists() and file and Path(file) not in (here, here / "__init__.py"):
            return f"Rename '{here.name}' in the current folder, before which comes '{file}'."
    return ""


def prints_to_errors() -> AbstractContextManager[Any]:
    """Lets what somebody's code prints go where it is no part of a command's own output."""
    return contextlib.redirect_stdout(sys.stderr)


def _not_imported(reference: str, error: BaseException) -> NetworkError:
    return NetworkError(
        f"Function '{reference}' cannot be imported: expected a module that can be imported, found"
        f" {told(error)}. Mend the module."
    )


def _look_in_the_current_folder() -> None:
    """Lets modules be found there, after all others: anything may lie there under any name."""
    with contextlib.suppress(OSError):
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.append(here)


@contextmanager
def _tensorflow_2(reference: str) -> Iterator[None]:
    """Turns TensorFlow 2's behaviour on again where a module turns it off, as scripts of TF1 do.

    All of it: a module may turn off no more than resource variables.
    """
    import tensorflow as tf

    yield
    try:
        tf.compat.v1.enable_v2_behavior()
    except ValueError as error:
        raise NetworkError(
            f"Function '{reference}' cannot be imported: expected a module that leaves TensorFlow's"
            " behaviour alone, found one that turns that of TensorFlow 2 off. Take"
            " tf.disable_v2_behavior() out of the module."
        ) from error


@contextmanager
def blamed(what: str, fix: str = "Mend the function.") -> Iterator[None]:
    """Says of an error in somebody's function that it is the function's.

    Args:
        what: What was expected of which function.
        fix: What to do about it.

    Raises:
        NetworkError: For any other error of the body, and if it would end the process.
    """
    try:
        with prints_to_errors():
            yield
    except NetworkError:
        raise
    except (Exception, SystemExit) as error:
        raise NetworkError(f"{what}, found {told(error)}. {fix}") from error


def told(error: BaseException) -> str:
    """Says in one line what an error says, and the last lines of one's own that led to it.

    Args:
        error: As it was caught.

    Returns:
        Such as "ValueError: no (nets.py:7 in net: `raise ValueError('no')`)", the last line first.
    """
    said = " ".join(str(error).split())[:_MAX_SAID]
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    places = list(_places(error))
    return f"{text} ({'; '.join(reversed(places))})" if places else text


def _places(error: BaseException) -> Iterator[str]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _of_a_library(frame.filename)]
    for frame in own[-_FRAMES:]:
        yield f"{_shown(frame.filename)}:{frame.lineno} in {frame.name}: `{frame.line}`"
    if isinstance(error, SyntaxError) and error.filename:
        yield f"{_shown(error.filename)}:{error.lineno}: `{(error.text or '').strip()}`"


def _of_a_library(file: str) -> bool:
    if file.startswith("<"):
        return True
    places = [getattr(sys.modules.get(name), "__file__", None) for name in _LIBRARIES]
    folders = [str(Path(place).parent) for place in places if place]
    standard = sysconfig.get_paths()["stdlib"]
    of_python = file.startswith(standard) and "site-packages" not in file
    return of_python or any(file.startswith(folder + os.sep) for folder in folders)


def _shown(file: str) -> str:
    """Shows a path from the current folder, if it lies below."""
    with contextlib.suppress(ValueError, OSError):
        return str(Path(file).relative_to(Path.cwd()))
    return file
