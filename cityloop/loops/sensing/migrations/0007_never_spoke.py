from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sensing", "0006_handed_on"),
    ]

    operations = [
        migrations.AddField(
            model_name="census",
            name="never",
            field=models.IntegerField(db_default=0, help_text="of them, those that never spoke"),
        ),
    ]
