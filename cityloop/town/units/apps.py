from django.apps import AppConfig


class UnitsConfig(AppConfig):
    name = "cityloop.town.units"
    label = "units"
    default_auto_field = "django.db.models.BigAutoField"
