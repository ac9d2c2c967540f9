"""Reads: is a city here already?"""

from django.db import connection

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.units.models import City


def refuse_second() -> None:
    """Refuse where a city lives already; a database without tables has none."""
    if City._meta.db_table not in connection.introspection.table_names():
        return
    if key := City.objects.values_list("key", flat=True).first():
        raise Refusal(
            "founding.exists",
            "A city ({key}) lives here already; set CITYLOOP_HOME to an empty folder for another.",
            key=key,
        )
