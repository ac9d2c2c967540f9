from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0015_address_salt"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="case", name="case_open_unit"),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed__isnull", True)),
                fields=["unit_code", "level", "due", "created", "person", "matter", "id"],
                name="case_open_unit",
            ),
        ),
    ]
