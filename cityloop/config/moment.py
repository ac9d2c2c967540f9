"""Each answer is made from one state of what this process remembers of the city."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from cityloop.ground.kit.remembered import one_moment


def moment(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let what is remembered stand still while a request is answered."""

    def answered(request: HttpRequest) -> HttpResponse:
        with one_moment():
            return answer(request)

    return answered
