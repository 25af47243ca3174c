"""Small models as Keras 2 and Keras 3 save them."""

import numpy as np
import tensorflow as tf


def keras_export(folder, change=0.0):
    """What `keras.Model.export` writes: `serve` beside `serving_default`, and no `training`."""
    import keras

    keras.utils.set_random_seed(1)
    layers = [
        keras.Input([8, 8, 3], name="images"),
        keras.layers.Conv2D(4, 3),
        keras.layers.BatchNormalization(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(3),
    ]
    model = keras.Sequential(layers)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias + np.float32(change)])
    model.export(folder, verbose=False)
    return folder


def keras_2_text(folder, change=0.0):
    """An adapted vocabulary, whose table is None among the variables when it is loaded."""
    import tf_keras

    tf_keras.utils.set_random_seed(1)
    split = tf_keras.layers.TextVectorization(output_sequence_length=3)
    split.adapt(["a hub of models", "a network"])
    layers = [
        tf_keras.Input([], dtype=tf.string),
        split,
        tf_keras.layers.Embedding(9, 2),
        tf_keras.layers.GlobalAveragePooling1D(),
    ]
    model = tf_keras.Sequential(layers)
    model.layers[1].set_weights([np.arange(18, dtype=np.float32).reshape(9, 2) + change])
    model.save(folder, save_format="tf")
    return folder
