from django.urls import path

from cityloop.doors.api.views import api

urlpatterns = [path("api/v1/", api.urls)]
