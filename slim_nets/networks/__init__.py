"""The networks that are held as tables, one file a network or family.

Every module has `NETWORKS`, a tuple of `slim_nets.network.Network`; the
registry finds it by being here.
"""

# Pixels of an image's side where nothing says it.
USUAL_SIZE = 224
# Of TF-Slim's own checkpoints: those of ImageNet, with a background as class 0.
USUAL_CLASSES = 1001
