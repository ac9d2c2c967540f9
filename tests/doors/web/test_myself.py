"""The two letters at the corner of the desk: as readers of each language shorten a name."""

import pytest
from django.utils import translation

from cityloop.doors.web.show import myself


@pytest.mark.parametrize(
    ("language", "username", "called", "letters"),
    [
        ("en", "dispatcher", "Dispatcher", "DI"),
        ("zh-hans", "dispatcher", "派遣员", "派遣"),
        ("zh-hans", "欧阳明远", "派遣员", "明远"),
        ("en", "王芳", "Dispatcher", "王芳"),
        ("zh-hans", "engineer", "", "EN"),
        ("en", "", "", ""),
    ],
)
def test_letters(language, username, called, letters):
    with translation.override(language):
        assert myself.letters(username, called) == letters


def test_the_desk_says_who_is_signed_in(at_desk):
    desk = at_desk("dispatcher")
    desk.cookies.load({"django_language": "zh-hans"})
    page = desk.get("/desk/").content.decode()
    assert 'aria-hidden="true">派遣</span>' in page and '<span class="third">派遣员</span>' in page
