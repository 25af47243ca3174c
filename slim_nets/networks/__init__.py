"""The networks that are held as tables, one file a network or family.

Every module has `NETWORKS`, a tuple of `slim_nets.network.Network`; the
registry finds it by being here.
"""
