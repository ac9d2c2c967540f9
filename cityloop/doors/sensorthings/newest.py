"""What a datastream said last, when that alone is asked: from what is kept of each, in one statement."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from cityloop.doors.sensorthings import pages
from cityloop.doors.sensorthings.entities import ENTITIES
from cityloop.doors.sensorthings.options import Options
from cityloop.doors.sensorthings.reading import Reader
from cityloop.loops.sensing import queries

_OF_ONE = re.compile(r"/?Datastreams\((\d{1,18})\)/Observations/?", re.ASCII)
_ASKED = [("$orderby", "phenomenonTime desc"), ("$top", "1")]
_ORDER = pages.Order([], [("time", True), ("datastream_id", True), ("lasts", True)])


def page(path: str, query: Sequence[tuple[str, str]], reader: Reader) -> dict[str, Any] | None:
    """Give the page that is asked for; None where it is another, or where nothing is there to be told."""
    found = _OF_ONE.fullmatch(path) if len(query) == len(_ASKED) else None
    if found is None or sorted(query) != _ASKED:
        return None
    rows = queries.newest_of([int(found[1])])
    if not rows:
        return None
    row, count = dict(zip(queries.NEWEST, rows[0][1:-1], strict=True)), rows[0][-1]
    told: dict[str, Any] = {}
    if count > 1:
        after = urlencode([*query, ("$skiptoken", pages.token(_ORDER, row, 1))], quote_via=quote)
        told["@iot.nextLink"] = f"{reader.root}/{path.strip('/')}?{after}"
    return {**told, "value": reader.told(ENTITIES["Observations"], [row], Options())}
