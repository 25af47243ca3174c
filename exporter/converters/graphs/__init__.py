"""Passes over graphs: frozen, folded, fused, spelled out, before a format is made of them."""
