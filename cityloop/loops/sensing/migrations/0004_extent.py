from typing import Any

from django.db import migrations, models

from cityloop.loops.sensing.rules.shapes import extent_of

MODELS = ("Location", "FeatureOfInterest")
SIDES = ("west", "south", "east", "north")


def fill(apps: Any, _editor: Any) -> None:
    """Say of the shapes that are there how far they reach."""
    for name in MODELS:
        model = apps.get_model("sensing", name)
        for row in model.objects.only("pk", "shape").iterator(2_000):
            model.objects.filter(pk=row.pk).update(**dict(zip(SIDES, extent_of(row.shape), strict=True)))


class Migration(migrations.Migration):
    dependencies = [("sensing", "0003_history")]

    operations = [
        *(
            migrations.AddField(model_name=name.lower(), name=side, field=models.FloatField(null=True))
            for name in MODELS
            for side in SIDES
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        *(
            migrations.AddIndex(
                model_name=name.lower(),
                index=models.Index(fields=["west", "east", "south", "north"], name=f"sensing_{name.lower()}_box"),
            )
            for name in MODELS
        ),
    ]
