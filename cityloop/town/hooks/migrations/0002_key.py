import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Of subscriptions that are there already nobody knows which key asked for them: they go on with their account."""

    dependencies = [("hooks", "0001_initial"), ("persons", "0007_password_given")]
    operations = [
        migrations.AddField(
            "subscription",
            "key",
            models.ForeignKey(
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="persons.accesskey",
            ),
        ),
    ]
