"""The networks that TF-Slim published, as tables and one builder.

Nothing here knows of files, checkpoints or SavedModels. Importing the
package, the tables and the shape arithmetic needs no TensorFlow.
"""
