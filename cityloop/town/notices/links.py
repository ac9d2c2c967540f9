"""Links in mails that open something for one person: signed, bound to a person and a subject, for a time, revocable.

Nothing about them is stored: a notice in the database holds no link, and the mail is made when it is sent. Their age is
counted in real time, as that of sessions is. Where they lead is the doors' business; these are the names they keep to.
"""

from typing import NamedTuple

from django.conf import settings
from django.core import signing

from cityloop.town.notices.models import Choice, Notice
from cityloop.town.persons.models import Person

DAYS = {"open": 90, "stop": 730, "confirm": 3}
PATHS = {"open": "/follow/{}", "stop": "/mails/{}", "confirm": "/mails/{}/confirm"}


DESK = "/desk/"  # staff sign in there, and are not asked whether they want to be told


class Bound(NamedTuple):
    """Whose link it is, about what, and when it was given out (real microseconds)."""

    person: int
    subject: str
    issued: int


def _signer(use: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(sep=".", salt=f"cityloop.mail.{use}")


def token(use: str, person: int, subject: str) -> str:
    """Sign a link's last part; it has a dot, which no follow code has."""
    return _signer(use).sign(f"{person}-{subject.replace(':', '-')}")


def bound(use: str, text: str) -> Bound | None:
    """Read a link's last part; None for one that is forged, too old, made void, or of a person erased. Two queries."""
    try:
        value = _signer(use).unsign(text[:300], max_age=DAYS[use] * 86_400)
    except signing.BadSignature:
        return None
    person, _, rest = value.partition("-")
    if not Person.objects.filter(pk=int(person), erased=None).exists():
        return None
    subject = rest.replace("-", ":", 1)
    issued = signing.b62_decode(text.rsplit(".", 2)[1]) * 1_000_000
    choice = Choice.objects.filter(person_id=int(person), subject=subject).first()
    if use == "open" and choice is not None and choice.void_before is not None and issued < choice.void_before:
        return None
    return Bound(int(person), subject, issued)


def is_token(text: str) -> bool:
    """Tell a link's last part from a follow code."""
    return "." in text


def of(notice: Notice) -> dict[str, str]:
    """Give the links of a notice: what it is about, and how to be told no more; none without a public address."""
    base = settings.PUBLIC_URL
    if not base:
        return {}
    known = str(notice.params.get("path", ""))
    if not notice.person_id or known.startswith(DESK):
        return {"link": base + known} if known else {}
    path = known or PATHS["open"].format(token("open", notice.person_id, notice.subject))
    stop = PATHS["stop"].format(token("stop", notice.person_id, notice.subject))
    if notice.kind == "confirm_mails":
        path = PATHS["confirm"].format(token("confirm", notice.person_id, notice.subject))
    return {"link": base + path, "stop": base + stop}
