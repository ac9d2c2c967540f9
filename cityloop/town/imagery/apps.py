from django.apps import AppConfig


class ImageryConfig(AppConfig):
    name = "cityloop.town.imagery"
    verbose_name = "Imagery"
