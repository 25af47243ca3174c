"""Whether TensorFlow.js can be run here."""

import os
import shutil

import pytest

# In CI both have to be there, and what needs them fails without.
needed = pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")) and not os.environ.get("CI"),
    reason="needs node and npm: apt-get install nodejs npm",
)
