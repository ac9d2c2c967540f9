from django.db import migrations, models


class Migration(migrations.Migration):
    """Of passwords that are there already nobody knows who chose them: they stay what they are."""

    dependencies = [("persons", "0006_folded_once")]
    operations = [migrations.AddField("account", "password_given", models.BooleanField(default=False))]
