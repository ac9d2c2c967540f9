"""A column that holds sealed text: what is read from it stays closed until someone opens it on purpose."""

from typing import Any

from django.db import models

from cityloop.town.persons import sealing


class Sealed:
    """Encrypted text as read from a row. Printing it shows nothing; `open()` gives the words."""

    __slots__ = ("label", "token")

    def __init__(self, token: str, label: str) -> None:
        self.token, self.label = token, label

    def open(self) -> str:
        return sealing.unseal(self.token, self.label)

    def __bool__(self) -> bool:
        return bool(self.token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.token == self.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __str__(self) -> str:
        return "•••" if self.token else ""

    __repr__ = __str__


class EncryptedField(models.TextField):
    """Text encrypted with AES-256-GCM; a plain `str` is sealed when it is written.

    The name of the table and column is authenticated with the text, so that a token moved to another
    column does not open. Lookups by value are impossible on purpose: keep a blind index beside it.
    """

    def label(self) -> str:
        return f"{self.model._meta.db_table}.{self.attname}"

    def from_db_value(self, value: str | None, *_: Any) -> Sealed | None:
        return None if value is None else Sealed(value, self.label())

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str | None:
        if value is None or value == "":
            return None if value is None else ""
        return value.token if isinstance(value, Sealed) else sealing.seal(str(value), self.label())
