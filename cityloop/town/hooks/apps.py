from django.apps import AppConfig


class HooksConfig(AppConfig):
    name = "cityloop.town.hooks"
    verbose_name = "Webhooks"
