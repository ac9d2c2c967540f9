"""Addresses of the SensorThings door: one, for the standard builds them of entities, keys and links."""

from django.urls import re_path

from cityloop.doors.sensorthings.bridged import answered

app_name = "sensorthings"
urlpatterns = [re_path(r"^sta/v1\.1(?:/(?P<path>.*))?$", answered, name="root")]
