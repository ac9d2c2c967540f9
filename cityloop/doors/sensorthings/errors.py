"""What is said to whom does not get through: one JSON object, with the code to quote and the field."""

import logging
import secrets

from django.db import DatabaseError, DataError
from django.utils.translation import gettext as _

from cityloop.doors.sensorthings import calls
from cityloop.doors.sensorthings.calls import Answer
from cityloop.ground.kit.refusal import Refusal

log = logging.getLogger("cityloop.sensorthings")
STATUS = {
    "sensing.key": 401, "sensing.key.scope": 403, "sensing.nothing": 404, "sensing.unknown": 404,
    "sensing.method": 405, "sensing.feature.used": 409, "sensing.large": 413, "persons.key.pace": 429,
    "sensing.storage": 503, "sensing.busy": 503, "sensing.full": 503, "units.none": 503,
}  # fmt: skip
_HEADERS = {
    401: {"WWW-Authenticate": 'Basic realm="sensors", charset="UTF-8"'}, 429: {"Retry-After": "60"},
    503: {"Retry-After": "5"},
}  # fmt: skip


def said(error: Exception) -> Answer:
    """Say what was wrong, whatever it was."""
    if isinstance(error, Refusal):
        return told(error)
    if isinstance(error, DataError):
        return told(Refusal("sensing.filter.value", "A value here lies outside what can be asked.", "$filter"))
    if isinstance(error, DatabaseError):
        log.error("the database refused: %s", type(error).__name__, exc_info=error)
        return told(
            Refusal("sensing.storage", "This could not be kept just now; nothing was written. Send it again later.")
        )
    code = f"E-500-{secrets.token_hex(2).upper()}"
    log.error("a client was answered %s", code, exc_info=error)
    sentence = _("Something went wrong on our side. Tell the city this code: {code}.").format(code=code)
    return calls.json({"code": 500, "type": "error", "message": sentence, "refusal": code}, 500)


def unfit(error: Exception) -> Answer:
    """Say that an expression cannot be asked: the grammar lets more through than the databases can say together."""
    log.warning("an expression was not asked: %s", type(error).__name__, exc_info=error)
    return told(Refusal("sensing.filter.unfit", "This cannot be asked in this way.", "$filter"))


def told(refusal: Refusal) -> Answer:
    """Say a refusal in the visitor's language."""
    status = STATUS.get(refusal.code, 400)
    sentence = _(refusal.message).format(**refusal.params) if refusal.params else _(refusal.message)
    field = {"field": refusal.field} if refusal.field else {}
    answer = {"code": status, "type": "error", "message": sentence, "refusal": refusal.code, **field}
    headers = {"Allow": refusal.params.get("allow", calls.METHODS)} if status == 405 else _HEADERS.get(status, {})
    return calls.json(answer, status)._replace(headers=headers)


def large() -> Refusal:
    """Say that a body is too large."""
    return Refusal("sensing.large", "This is too large; send fewer readings at once.", "body")


def nothing() -> Refusal:
    """Say that there is nothing at an address."""
    return Refusal("sensing.nothing", "There is nothing at this address.")
