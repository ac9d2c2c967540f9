"""The pages as a Django app, for their templates, tags and static files."""

from django.apps import AppConfig


class Web(AppConfig):
    """No tables."""

    name = "cityloop.doors.web"
    label = "web"
