"""Addresses of the staff desk."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from cityloop.doors.web.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in", views.SignIn.as_view(), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
]
