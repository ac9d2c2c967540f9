"""Pages for those who work for the city."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class SignIn(LoginView):
    """Sign in with a name and a password."""

    template_name = "desk/sign_in.html"
    redirect_authenticated_user = True


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the inbox."""
    return render(request, "desk/home.html", {"section": "inbox"})
