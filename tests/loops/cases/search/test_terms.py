"""What a text is found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.loops.cases.search.terms import LONGEST, MOST_TERMS, terms

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("37-57 88 Street", ["37", "57", "88", "street"]),
        ("Straße Café CAFE", ["strasse", "cafe"]),
        ("路灯不亮", ["路灯", "灯不", "不亮"]),
        ("A座楼道灯坏了", ["a", "座楼", "楼道", "道灯", "灯坏", "坏了"]),
        ("灯", ["灯"]),
        ("ＷＩＤＥ ｔｅｘｔ", ["wide", "text"]),
        ("snake_case", ["snake", "case"]),
        ("", []),
        ("!?…\0", []),
    ],
)
def test_text_becomes_terms(text, wanted):
    assert terms(text) == wanted


@given(st.text(max_size=3000))
def test_any_text_gives_a_bounded_number_of_bounded_terms(text):
    found = terms(text)
    assert len(found) <= MOST_TERMS and len(set(found)) == len(found)
    assert all(0 < len(term) <= LONGEST * 4 for term in found)


@given(st.text(alphabet="路灯不亮坏了街道垃圾", min_size=2, max_size=12), st.data())
def test_every_two_characters_of_a_chinese_text_find_it(text, data):
    at = data.draw(st.integers(0, len(text) - 2))
    assert set(terms(text[at : at + 2])) <= set(terms(text))
