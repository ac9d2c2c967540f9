"""In which language pages open: the visitor's choice, else the city's, else the browser's."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.translation import get_language

from cityloop.config.languages import first
from cityloop.config.speaking import CityLanguage
from cityloop.ground.kit.refusal import Refusal

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("set_to", "asked", "chosen", "spoken"),
    [
        ("", "zh-CN", "", "zh-hans"),
        ("zh-hans", "en", "", "zh-hans"),
        ("zh-hans", "zh-CN", "en", "en"),
        ("", "", "", "en"),
    ],
)
def test_who_chooses_the_language(settings, set_to: str, asked: str, chosen: str, spoken: str) -> None:
    settings.FIRST_LANGUAGE = set_to
    request = RequestFactory().get("/", headers={"accept-language": asked} if asked else {})
    if chosen:
        request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = chosen
    heard: list[str | None] = []
    CityLanguage(lambda _request: heard.append(get_language()) or HttpResponse())(request)
    assert heard == [spoken]


@pytest.mark.parametrize(("asked", "spoken"), [("en", "en"), ("zh-CN", "zh-hans"), ("", "zh-hans")])
def test_a_program_that_names_a_language_has_chosen_it(settings, asked: str, spoken: str) -> None:
    settings.FIRST_LANGUAGE = "zh-hans"
    heard: list[str | None] = []
    layer = CityLanguage(lambda _request: heard.append(get_language()) or HttpResponse())
    for path in ("/api/v1/cases", "/open311/v2/requests.json"):
        layer(RequestFactory().get(path, headers={"accept-language": asked} if asked else {}))
    assert heard == [spoken, spoken]


def test_an_unknown_language_is_refused() -> None:
    assert first("", ["en"]) == "" and first("en", ["en"]) == "en"
    with pytest.raises(Refusal):
        first("fr", ["en", "zh-hans"])
