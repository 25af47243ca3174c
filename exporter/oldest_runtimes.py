"""The oldest TensorFlow in which models of this tool were really run: facts with their source.

The source runs them there, and compares every number with the model that Google published.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OldestTensorflow:
    """What was tried.

    Attributes:
        load: Loads and calls a model. Its training mode fails there for Google's own model too.
        train: Trains it too, and fine-tunes it with hub.KerasLayer.
        hub: The TensorFlow Hub of that layer.
        source: The test that does it.
    """

    load: str
    train: str
    hub: str
    source: str


OLDEST = OldestTensorflow("1.15.5", "2.4.4", "0.12.0", "tests/integration/test_older_tensorflow.py")
