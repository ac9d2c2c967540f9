"""What passed between the city and whoever reported, as a conversation; and what they were told by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cityloop.doors.web.public.following import OWN, TOLD
from cityloop.doors.web.show.timeline import Line
from cityloop.doors.web.show.times import in_full, language, when
from cityloop.town.notices import queries as notices

FROM_REPORTER = (*OWN, "add")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said: by the city, by the reporter, or by a notice that went out of itself."""

    side: str
    at: str
    full: str
    who: str
    what: str
    words: tuple[str, ...]
    photos: tuple[str, ...] = ()
    icon: str = "message"


def thread(moments: Sequence[Any], lines: Sequence[Line], subject: str, now: int) -> list[Said]:
    """Give the conversation, the oldest first. One query: the notices."""
    found = [(m.step.at, said) for m, line in zip(moments, lines, strict=True) if (said := _said(m, line))]
    found += [(one.created, _notice(one, now)) for one in notices.to_persons(subject, language())]
    return [said for _at, said in sorted(found, key=lambda pair: pair[0])]


def _said(moment: Any, line: Line) -> Said | None:
    what = moment.step.what
    if not line.said and not line.photos:
        return None
    if what in TOLD and moment.step.actor != "reporter":
        return Said("city", line.at, line.full, line.who, line.what, line.said, (), line.icon)
    if what in FROM_REPORTER:
        return Said("reporter", line.at, line.full, line.who, line.what, line.said, line.photos, line.icon)
    return None


def _notice(one: notices.Receipt, now: int) -> Said:
    return Said("notice", when(one.created, now), in_full(one.created), one.title, reached(one), (), (), "bell")


def reached(one: notices.Receipt) -> str:
    """Say how many were told, and whether the e-mails went out."""
    told = ngettext("told to {n} person", "told to {n} persons", one.people).format(n=one.people)
    mail = []
    if one.sent:
        mail.append(ngettext("{n} e-mail sent", "{n} e-mails sent", one.sent).format(n=one.sent))
    if one.waiting:
        mail.append(ngettext("{n} e-mail on its way", "{n} e-mails on their way", one.waiting).format(n=one.waiting))
    if one.failed:
        mail.append(_("no e-mail for {n}").format(n=one.failed))
    return " · ".join([told, *mail])
