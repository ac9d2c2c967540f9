"""Addresses of the wall."""

from django.urls import path

from cityloop.doors.web.wall import marks, views

app_name = "wall"
urlpatterns = [
    path("", views.wall, name="home"),
    path("marks.geojson", marks.marks, name="marks"),
]
