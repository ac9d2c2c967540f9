"""Pages anyone may see."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    """Show the one question and the doors."""
    return render(request, "public/home.html")
