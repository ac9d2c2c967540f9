from typing import Any

from django.db import migrations, models


def say_which_ended(apps: Any, _editor: Any) -> None:
    """Say it of the parts that are there."""
    part = apps.get_model("cases", "Part")
    part.objects.filter(case__closed__isnull=False).update(ended=True)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0010_created_by_unit"),
    ]

    operations = [
        migrations.AddField(
            model_name="part",
            name="ended",
            field=models.BooleanField(default=False, help_text="whether its case has ended"),
        ),
        migrations.AddIndex(
            model_name="part",
            index=models.Index(fields=["org_path", "case"], name="case_part_open", condition=models.Q(ended=False)),
        ),
        migrations.RunPython(say_which_ended, migrations.RunPython.noop),
    ]
