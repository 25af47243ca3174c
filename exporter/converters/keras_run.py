"""A process that runs a `.keras` file on the backend that its environment sets.

Reads the paths of the file, of the images and of the `.npz` to write as one line
of JSON. Nothing here may import TensorFlow, and nothing knows the network.
"""

import json
import sys

import numpy as np


def main() -> None:
    """Serves one request."""
    target, inputs, outputs = json.loads(sys.stdin.readline())
    import keras

    model = keras.saving.load_model(target, compile=False)
    found = model.predict_on_batch(np.load(inputs))
    np.savez(outputs, allow_pickle=False, **{model.output_names[0]: found})


if __name__ == "__main__":
    main()
