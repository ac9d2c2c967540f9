from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0003_views"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="row",
            index=models.Index(
                condition=models.Q(("ended__isnull", True)), fields=["what", "unit_code"], name="worklist_row_what"
            ),
        ),
    ]
