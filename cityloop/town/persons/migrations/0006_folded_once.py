from django.db import migrations

from cityloop.town.columns import CodeField


class Migration(migrations.Migration):
    dependencies = [("persons", "0005_folded_names")]
    operations = [migrations.AlterField("account", "folded", CodeField(max_length=150, unique=True))]
