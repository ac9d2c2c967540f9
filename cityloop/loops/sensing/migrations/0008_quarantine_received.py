from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sensing", "0007_never_spoke"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="quarantined",
            index=models.Index(fields=["received"], name="sensing_quarantine_received"),
        ),
    ]
