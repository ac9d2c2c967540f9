from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0009_component"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="case", name="case_created"),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["created", "matter", "unit_code"], name="case_created"),
        ),
    ]
