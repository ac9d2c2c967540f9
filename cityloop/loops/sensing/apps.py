from django.apps import AppConfig


class SensingConfig(AppConfig):
    name = "cityloop.loops.sensing"
    label = "sensing"
    default_auto_field = "django.db.models.BigAutoField"
