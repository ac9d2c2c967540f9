"""Another secret for a city, as `run-in-production.md` says: the new one first, the old one kept, then dropped."""

from typing import Any

from cityloop.town.persons import keys


class Secret:
    """The secret of the city under test."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def change(self, to: str = "another-secret-of-the-tests") -> None:
        """Set a new secret; what was sealed with the one before is still read."""
        self._set(to, [self.settings.SECRET_KEY])

    def drop_old(self) -> None:
        """Forget the secret before."""
        self._set(self.settings.SECRET_KEY, [])

    def _set(self, secret: str, older: list[str]) -> None:
        self.settings.SECRET_KEY, self.settings.SECRET_KEY_FALLBACKS = secret, older
        self.ask_anew()

    def ask_anew(self) -> None:
        """Let the next who asks for the keys see what is set now."""
        keys._ring.forget()
