"""Sending what is due: called by the steward again and again."""

import logging
import smtplib

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from cityloop.town.calendar.clock import city_clock
from cityloop.town.notices import actions, links
from cityloop.town.notices.models import Notice
from cityloop.town.notices.templates import mail as mail_of
from cityloop.town.persons import queries as persons

MINUTE = 60_000_000
LEASE = 10 * MINUTE
ASKS = "confirm_mails"
WAITS = (1, 5, 15, 60, 240, 1440)

log = logging.getLogger("cityloop.notices")


def send_due(*, at: int | None = None, most: int = 100) -> int:
    """Send e-mails that are due at `at` (now); give how many went out. No transaction waits for the network.

    A failure is tried again after 1, 5, 15, 60, 240 and 1,440 minutes, then given up and kept with its error.
    """
    at = city_clock.now() if at is None else at
    claimed = actions.claim_due(at=at, most=most, lease=LEASE)
    if not claimed:
        return 0
    connection = get_connection()
    return sum(_send(notice, connection, at) for notice in claimed)


def _send(notice: Notice, connection: BaseEmailBackend, at: int) -> bool:
    asks = notice.kind == ASKS  # who asks anew after a stop is asked too: their yes ends it
    if not asks and actions.is_muted(person=notice.person_id or 0, subject=notice.subject):
        actions.note_failed(notice=notice, error="not wanted", next_at=None)
        return False
    address = persons.address_of(account=notice.account_id or 0, person=notice.person_id or 0)
    if not address:
        actions.note_failed(notice=notice, error="no address", next_at=None)
        return False
    found = links.of(notice)
    said = mail_of(notice.kind, notice.language, notice.params, found)
    mail = EmailMessage(said.title, said.body, to=[address], connection=connection)
    mail.extra_headers["Message-ID"] = f"<notice-{notice.pk}-{notice.created}@cityloop>"
    if "stop" in found:  # RFC 8058: a mail program may ask for it by itself
        mail.extra_headers["List-Unsubscribe"] = f"<{found['stop']}>"
        mail.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    try:
        mail.send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        _failed(notice, error, at)
        return False
    actions.note_sent(notice=notice, at=at)
    return True


def _failed(notice: Notice, error: Exception, at: int) -> None:
    """Keep the kind of error only: an SMTP answer may repeat the address."""
    wait = WAITS[notice.tries] * MINUTE if notice.tries < len(WAITS) else None
    log.warning("notice %s was not sent: %s", notice.pk, type(error).__name__)
    actions.note_failed(notice=notice, error=type(error).__name__, next_at=None if wait is None else at + wait)
