import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.ground.kit.words import clean, harmless, say

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


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1", "＠x", "\ufeff=1", "Hill Road;=1", "a; +1", ";\t@x"]
)
def test_no_spreadsheet_finds_a_formula(text):
    """Not even one that parts lines at semicolons, as those of Germany and France do."""
    cells = harmless(text).split(";")
    assert not any(cell.strip("\ufeff \t")[:1] in tuple("=+-@＝＋－＠") for cell in cells if cell)
    assert harmless(text).replace("'", "") == text


@pytest.mark.parametrize("text", ["", "12 Hill Road", "a = b", "5-7", "x; y", "a@b.org", "道路；北"])
def test_what_is_no_formula_stays(text):
    assert harmless(text) == text
