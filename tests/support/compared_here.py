"""Compares and converts in this process, where commands start another: for what is found.

Another TensorFlow for each export and each verification takes longer to import than small models
take to compare. What measures noise and time keeps its processes, whose environments differ.
"""

from contextlib import contextmanager

from exporter import processes
from exporter.verifier.export_verifier import verified_export
from exporter.verifier.rules.checking import checked_rules

_SESSION = processes.session


def compare_here(patch):
    """Lets exports and verifications do all in this process, as long as the patch lasts."""
    patch.setattr(processes, "session", _session)


def convert_here(patch):
    """Lets conversions run in this process, as long as the patch lasts.

    One to `frozen` changes what TensorFlow computes of a network later in the same process, in the
    last bit: none of a network whose bits are compared afterwards.
    """
    patch.setattr(processes, "call", _call)


def _call(function, *arguments, environment):
    return function(*arguments)


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
