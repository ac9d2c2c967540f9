"""Sensing: what the city's instruments are, and what they say.

Leans on units (where a thing stands) and on the ledger (what is set up, moved and taken down). Readings themselves are
too many for the ledger: they have a table shaped for speed, and a quarantine for those that cannot be believed.
"""
