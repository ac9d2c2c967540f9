"""What a reporter wrote becomes theirs, so that it is erased with them: until now it was kept as nobody's."""

import json
from typing import Any

from django.db import migrations

PORTION = 500
FIRST = ("1:collect:words", "1:collect:answers")


def give(apps: Any, schema_editor: Any) -> None:
    """Give the words of reports to who reported, and what was said later where nobody else can have said it."""
    reports, steps = apps.get_model("cases", "Report"), apps.get_model("ledger", "Step")
    words = apps.get_model("persons", "Words")
    first = dict[str, int]()
    for case, person in (
        reports.objects.filter(person__gt=0).order_by("-id").values_list("case_id", "person").iterator()
    ):
        first[f"case:{case}"] = person  # of several reports of a case the first, which came with it
    shared = {f"case:{pk}" for pk in apps.get_model("cases", "Follower").objects.values_list("case_id", flat=True)}
    subjects = sorted(first)
    for start in range(0, len(subjects), PORTION):
        some = subjects[start : start + PORTION]
        rows = words.objects.filter(subject__in=some, person=None, field__in=FIRST)
        _own(words, [(row, first[row.subject]) for row in rows.defer("text", "salt")])
        alone = [subject for subject in some if subject not in shared]
        said, theirs = steps.objects.filter(subject__in=alone, actor="reporter", seq__gt=1), dict[int, int]()
        for subject, inner in said.values_list("subject", "inner"):
            kept = [pk for name, pk in json.loads(inner).items() if name.endswith("_id") and isinstance(pk, int)]
            theirs |= dict.fromkeys(kept, first[subject])
        rows = words.objects.filter(pk__in=theirs, person=None)
        _own(words, [(row, theirs[row.pk]) for row in rows.defer("text", "salt")])


def _own(words: Any, rows: list[tuple[Any, int]]) -> None:
    for row, person in rows:
        row.person_id = person
    words.objects.bulk_update([row for row, _person in rows], ["person"], batch_size=PORTION)


class Migration(migrations.Migration):
    dependencies = [("cases", "0012_state_newest"), ("persons", "0001_initial"), ("ledger", "0001_initial")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop, elidable=True)]
