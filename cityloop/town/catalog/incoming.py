"""What taking a file in would do to this city: read, checked and compared; nothing is written."""

from typing import NamedTuple

from cityloop.ground.kit.manifest import Manifest, Organisation
from cityloop.town.catalog import differences, exchange, queries
from cityloop.town.catalog.content import Content
from cityloop.town.catalog.differences import Change
from cityloop.town.catalog.exchange import Reading
from cityloop.town.orgs import queries as orgs
from cityloop.town.units import queries as units


class Looked(NamedTuple):
    """What would be published, what changes by it, and what else it would bring."""

    made: Content
    changes: list[Change]
    organisations: list[Organisation]
    rests: list[Manifest]
    unplaced: list[str]


def looked(reading: Reading) -> Looked:
    """Look a file through, or raise `FileRefused` with everything that does not hold together. Three queries."""
    now, known = queries.published(), orgs.directory()
    exchange.check(reading, known)
    made = reading.content(now)
    brought = {one.key: one for one in reversed(exchange.organisations(reading.file)) if one.key not in known}
    named = {plate.key for plate in (*reading.file.plates, *reading.file.resting)}
    return Looked(
        made=made,
        changes=differences.between(now, made),
        organisations=sorted(brought.values(), key=lambda one: one.key),
        rests=[plate for plate in now.plates if plate.key not in named],
        unplaced=exchange.unplaced(reading.file, units.names_of),
    )
