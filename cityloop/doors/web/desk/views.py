"""Signing in."""

from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse

from cityloop.town.persons import strangers

TRIES = 20  # a minute, of one address for one name: nobody mistypes so often, and a list of passwords lasts for years


class SignIn(LoginView):
    """Sign in with a name and a password."""

    template_name = "desk/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Look at the password, unless too many were tried for this name from where this one comes."""
        left = strangers.count(*_tried(request), TRIES)
        if not left.refused:
            return super().post(request, *args, **kwargs)
        context = self.get_context_data(form=self.get_form(), wait=left.seconds)
        return self.render_to_response(context, status=429, headers={"Retry-After": str(left.seconds)})

    def form_valid(self, form: Any) -> HttpResponse:
        """Let in; the wrong passwords of before count no more."""
        strangers.forget(*_tried(self.request))
        return super().form_valid(form)


def _tried(request: HttpRequest) -> tuple[str, str]:
    name = request.POST.get("username", "")[:150].strip()
    return f"sign-in:{name}", request.META.get("REMOTE_ADDR", "")
