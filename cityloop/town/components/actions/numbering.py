"""Giving out identity codes: gaps are no harm, the same code twice would be."""

from collections.abc import Mapping

from django.db import connection

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.components.rules.identity import Identity

_TAKE = (
    'INSERT INTO "components_serial" ("prefix", "last") VALUES (%s, %s) ON CONFLICT ("prefix") DO UPDATE'
    ' SET "last" = "components_serial"."last" + excluded."last" RETURNING "last"'
)
_NOTE = (
    'INSERT INTO "components_serial" ("prefix", "last") VALUES (%s, %s) ON CONFLICT ("prefix") DO UPDATE'
    ' SET "last" = excluded."last" WHERE "components_serial"."last" < excluded."last"'
)


def take(identity: Identity, wanted: Mapping[str, int]) -> dict[str, int]:
    """Take serial numbers for good, so many for each prefix; give the first of each. One statement a prefix.

    The row of a prefix stays locked until the transaction ends; prefixes are taken in one order.
    """
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        for prefix, number in sorted(wanted.items()):
            cursor.execute(_TAKE, [prefix, number])
            last = int(cursor.fetchone()[0])
            if last > identity.most:
                raise Refusal(
                    "components.codes.exhausted",
                    "The numbers of the codes that begin with {prefix} are used up; let the city write classes "
                    "otherwise, or divide the division.",
                    "code",
                    prefix=prefix,
                )
            found[prefix] = last - number + 1
    return found


def note(highest: Mapping[str, int]) -> None:
    """Note numbers that came with codes of others' making, so that ours go on after them."""
    if highest:
        with connection.cursor() as cursor:
            cursor.executemany(_NOTE, sorted(highest.items()))
