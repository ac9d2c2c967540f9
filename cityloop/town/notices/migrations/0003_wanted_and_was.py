from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_choices_and_subscriptions"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="wanted",
            field=models.CharField(blank=True, default="", max_length=8),
        ),
        migrations.AddField(
            model_name="subscription",
            name="was",
            field=models.JSONField(default=list),
        ),
    ]
