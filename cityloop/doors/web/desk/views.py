"""Signing in."""

from django.contrib.auth.views import LoginView


class SignIn(LoginView):
    """Sign in with a name and a password."""

    template_name = "desk/sign_in.html"
    redirect_authenticated_user = True
