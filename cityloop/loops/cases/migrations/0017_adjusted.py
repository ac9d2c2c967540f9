from typing import Any

from django.db import migrations, models
from django.db.models import F


def say_which_are(apps: Any, _editor: Any) -> None:
    """Say it of the cases whose appeal was upheld; days counted before are taken as they were told."""
    apps.get_model("cases", "Case").objects.filter(state="closed", snapshot__contains='"adjusted":true').update(
        adjusted=True
    )
    apps.get_model("cases", "DayCount").objects.update(late_adjusted=F("late"))


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0016_open_matter"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="adjusted",
            field=models.BooleanField(
                default=False, help_text="whether an appeal was upheld: it counts as late no more"
            ),
        ),
        migrations.AddField(
            model_name="daycount",
            name="late_adjusted",
            field=models.IntegerField(default=0, help_text="of the late, those whose appeal was not upheld"),
            preserve_default=False,
        ),
        migrations.RunPython(say_which_are, migrations.RunPython.noop),
    ]
