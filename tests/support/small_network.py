"""The network that tests use where any would do: a real one, of few layers, at few pixels."""

VARIANT = "mobilenet_v3_small_075_224"
SIZE = 64
NAME = "mobilenet_v3_small_075_64"
FLAGS = (f"--image_size={SIZE}",)
