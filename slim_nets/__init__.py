"""The networks that TF-Slim published, as tables, and the layers that they are built with.

Nothing here knows of files, checkpoints or SavedModels. Importing the
package, the tables and the shape arithmetic needs no TensorFlow.
"""
