"""The sets of layers that networks are built with; `protocol` says what each of them has."""
