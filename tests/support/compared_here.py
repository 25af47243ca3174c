"""Compares and converts in this process, where commands start another: for what is found.

Another TensorFlow for each export and each verification takes longer to import than small models
take to compare. What measures noise and time keeps its processes, whose environments differ.
"""

from contextlib import contextmanager

from exporter import processes
from exporter.converters.format_table import FORMATS
from exporter.verifier.export_verifier import verified_export
from exporter.verifier.rules.checking import checked_rules

_CALL, _SESSION = processes.call, processes.session


def compare_here(patch):
    """Lets exports and verifications do all in this process, as long as the patch lasts."""
    patch.setattr(processes, "session", _session)


def convert_here(patch, *, but=("frozen",)):
    """Lets conversions run in this process, as long as the patch lasts.

    Args:
        patch: A monkeypatch.
        but: Formats that keep their processes. One to `frozen` changes the last bits of what
            TensorFlow computes of the same network later in the same process, which other tests
            may compare.
    """

    def call(function, *arguments, environment):
        if any(FORMATS[name] in arguments for name in but):
            return _CALL(function, *arguments, environment=environment)
        return function(*arguments)

    patch.setattr(processes, "call", call)


class _Session:
    """Stands in for `processes.Session`: a generator that runs when it is to answer."""

    def __init__(self, generator):
        self._generator, self._told = generator, [None]

    def tell(self, value):
        self._told.append(value)

    def hear(self):
        answer = self._generator.send(self._told.pop(0))
        if answer is not None:
            self._generator.close()  # and with it the original's session
        return answer


@contextmanager
def _session(function, *arguments, **options):
    if function in (verified_export, checked_rules):
        yield _Session(function(*arguments))
        return
    with _SESSION(function, *arguments, **options) as running:
        yield running
