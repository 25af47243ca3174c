"""What was published as TF-Slim checkpoints, as data, and how they are read.

Knows neither the networks nor the exporter. The catalogue and the search for
files need no TensorFlow.
"""
