"""Each account is found by its name in whatever letters. Of two that were told apart by their letters alone, one is
called otherwise from now on, and the log says so: its password, its posts and its keys stay what they are."""

import logging
from typing import Any

from django.db import migrations

from cityloop.town.columns import CodeField
from cityloop.town.persons.rules import folded

LONGEST = 150
log = logging.getLogger("cityloop.persons")


def fold(apps: Any, schema_editor: Any) -> None:
    """Fold all names. Who is open, and was there first, keeps the name; "anna" beside "Anna" becomes "anna-2"."""
    accounts = apps.get_model("persons", "Account")
    rows = list(accounts.objects.order_by("-is_active", "id"))
    written, taken = {folded(row.username) for row in rows}, set[str]()
    for row in rows:
        if (name := _free(row, written, taken)) != row.username:
            log.warning("the user name %s belongs to another account; this one is now called %s", row.username, name)
        row.username, row.folded = name, folded(name)
        taken.add(row.folded)
    accounts.objects.bulk_update(rows, ["username", "folded"], batch_size=500)


def _free(row: Any, written: set[str], taken: set[str]) -> str:
    name, number = row.username, 1
    while not 1 <= len(folded(name)) <= LONGEST or folded(name) in (taken if number == 1 else taken | written):
        number += 1
        fits = 1 <= len(folded(row.username)) <= LONGEST - 8
        name = f"{row.username if fits else f'user-{row.pk}'}-{number}"
    return str(name)


class Migration(migrations.Migration):
    dependencies = [("persons", "0004_looks_by")]
    operations = [
        migrations.AddField("account", "folded", CodeField(max_length=LONGEST, null=True)),
        migrations.RunPython(fold, migrations.RunPython.noop),
    ]
