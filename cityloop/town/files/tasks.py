"""Background work on files."""

from cityloop.town.files import actions


def forget_unsent() -> int:
    """Take away the photos of reports that were never sent."""
    return actions.forget_unsent()
