"""The way through Django: what is left of it where the raw route does not stand, such as the redirect to TLS."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from cityloop.doors.sensorthings import door, errors
from cityloop.doors.sensorthings.calls import ALWAYS, ROOT, Answer, Call


@csrf_exempt
def answered(request: HttpRequest, path: str | None = None) -> HttpResponse:
    """Answer a request of Django's."""
    try:
        body = request.body
    except RequestDataTooBig:
        return _written(errors.told(errors.large()))
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = [(name, str(value)) for name, value in request.GET.items()]
    root = request.build_absolute_uri(ROOT)
    return _written(door.answer(Call(request.method or "", path or "", query, headers, body, root)))


def _written(answer: Answer) -> HttpResponse:
    return HttpResponse(
        answer.whole(), status=answer.status, content_type=answer.kind, headers={**ALWAYS, **answer.headers}
    )
