"""What several files of these tests convert."""

import pytest

from exporter import quiet


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """A small model that was written by hand."""
    quiet.import_tensorflow()
    from support import handmade

    return handmade.save(tmp_path_factory.mktemp("handmade") / "model")
