"""The checkpoints that were published, one file of rows a family.

Every module has `ROWS`, a tuple of `checkpoints.catalog.PublishedCheckpoint`; the
catalogue finds it by being here.
"""
