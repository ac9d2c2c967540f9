"""The one error for what a person or a machine asked wrongly."""

from typing import Any


class Refusal(Exception):
    """Say no, with a code for machines, a plain sentence for people and the field it is about.

    `message` may hold `{name}` placeholders that are filled from `params`, so that a door can
    translate the sentence first and fill it afterwards.
    """

    def __init__(self, code: str, message: str, field: str | None = None, **params: Any) -> None:
        super().__init__(message.format(**params) if params else message)
        self.code = code
        self.message = message
        self.field = field
        self.params = params

    def __str__(self) -> str:
        return self.message.format(**self.params) if self.params else self.message
