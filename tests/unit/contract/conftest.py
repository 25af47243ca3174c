"""Small SavedModels, each made once, and what is locked of the first."""

import pytest

from exporter import quiet
from exporter.contract import contract_lock
from exporter.errors import ContractError
from exporter.protobufs import read_saved_model


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
def edited(small):
    """Reads the small model as if its protobuf were another."""
    from exporter.contract.read import read

    model = read_saved_model(small, ContractError)

    def run(change):
        copy = type(model).FromString(model.SerializeToString())
        change(copy.meta_graphs[0])
        return read(small, copy)

    return run
