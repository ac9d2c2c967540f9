"""Addresses of the public portal."""

from django.urls import path

from cityloop.doors.web.public import views

app_name = "public"
urlpatterns = [
    path("", views.home, name="home"),
]
