"""Small SavedModels, each made once, and what is locked of the first."""

import pytest

from exporter import quiet
from exporter.contract import contract_lock


@pytest.fixture(scope="session")
def save(tmp_path_factory):
    """Saves a small model."""
    quiet.import_tensorflow()
    from support.small_models import Small

    def run(**changes):
        return Small(**changes).save(tmp_path_factory.mktemp("small") / "model")

    return run


@pytest.fixture(scope="session")
def small(save):
    return save()


@pytest.fixture(scope="session")
def locked(small):
    return contract_lock(small)


@pytest.fixture(scope="session")
def edited(small, tmp_path_factory):
    """Reads a changed copy of the small model."""
    from support import mutating

    from exporter.contract.read import read

    def run(change):
        folder = tmp_path_factory.mktemp("edited") / "model"
        return read(mutating.edited(small, folder, change))

    return run
