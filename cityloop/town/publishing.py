"""Handing an event to those whom the wiring names, in its order."""

from importlib import import_module

from django.conf import settings


def publish(event: object) -> None:
    """Call every handler of this kind of event. Each must bear being called again with the same event."""
    for handler in import_module(settings.WIRING).HANDLERS.get(type(event), ()):
        handler(event)
