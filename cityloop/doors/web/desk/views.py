"""Signing in."""

from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse

from cityloop.doors.web.desk import tries


class SignIn(LoginView):
    """Sign in with a name and a password."""

    template_name = "desk/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Look at the password, unless too many were tried for this name or from where this one comes."""
        left = tries.refused(request)
        if left is None:
            return super().post(request, *args, **kwargs)
        context = self.get_context_data(form=self.get_form(), wait=left.seconds)
        return self.render_to_response(context, status=429, headers={"Retry-After": str(left.seconds)})

    def form_valid(self, form: Any) -> HttpResponse:
        """Let in; the wrong passwords of before count no more."""
        answer = super().form_valid(form)
        tries.succeeded(self.request, answer)
        return answer
