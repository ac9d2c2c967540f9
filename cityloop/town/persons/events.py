"""Facts about persons that other rooms react to. The wiring decides who."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WordsErased:
    """The words of these subjects were erased, all or some: whoever kept anything made of them lets it go.

    Handed out inside the transaction that erases, so that none of it can outlive the words.
    """

    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeysRenewed:
    """All that was sealed is under the current master key: whoever keeps anything blinded writes it anew now.

    Handed out before anybody is told that an older key may be dropped.
    """
