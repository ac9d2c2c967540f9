"""Cityloop: one platform on which a city runs its whole governance loop."""

__version__ = "0.1.0"
