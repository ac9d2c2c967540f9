import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.ground.kit.words import clean, say

pytestmark = pytest.mark.once


def test_says_in_the_language_asked_else_english_else_any():
    words = {"en": "Lamp", "zh-hans": "路灯"}
    assert say(words, "zh-hans") == "路灯"
    assert say(words, "fr") == "Lamp"
    assert say({"fr": "Lampe"}, "en") == "Lampe"
    assert say(None) == ""


def test_clean_drops_what_hides():
    assert clean("a\x00b\u202ec\ud800d\x1b[31m") == "abcd[31m"
    assert clean("one\r\ntwo\tthree 路灯 👷\u200d♀️") == "one\ntwo\tthree 路灯 👷\u200d♀️"


@given(st.text())
def test_clean_is_stable_and_encodable(text):
    once = clean(text)
    assert clean(once) == once
    once.encode()
