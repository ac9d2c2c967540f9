"""Taking back what was just done, where that is honest: by an action of its own, and both stay on record."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest

MARK = "undo?"
# Actions with an inverse in the loop itself. Dispatching has none: what was sent out can only be bounced or replaced.
INVERSE = {"claim": "release", "release": "claim", "fold": "unfold", "unfold": "fold"}


def success(request: HttpRequest, words: str, undo: dict[str, str] | None = None) -> None:
    """Say that something was done; with `undo` (`to`, and the fields to send there) offer to take it back."""
    messages.success(request, words, extra_tags=MARK + urlencode(undo) if undo else "")


def step(*, to: str, action: str, post: int, seq: int, after: str, into: str) -> dict[str, str] | None:
    """Give what takes an action on a case back: the inverse, by the same post; None where the loop has none."""
    inverse = INVERSE.get(action)
    if inverse is None or (inverse == "fold" and not into):
        return None
    fields = {"to": to, "offer": f"{inverse}-{post}-0", "seq": str(seq), "next": after}
    return {**fields, "into": into} if inverse == "fold" else fields
