"""Governance units: the tree, their shapes, their codes through time, and where a point lies."""
