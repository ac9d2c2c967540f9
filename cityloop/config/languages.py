"""The language of pages, from the environment."""

from cityloop.ground.kit.refusal import Refusal


def first(text: str, offered: list[str]) -> str:
    """Read CITYLOOP_LANGUAGE: nothing, or the language in which pages open whatever the browser asks for."""
    if text and text not in offered:
        raise Refusal("config.language", "CITYLOOP_LANGUAGE is one of: {known}.", known=", ".join(offered))
    return text
