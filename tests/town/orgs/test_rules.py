import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.town.orgs.rules import credit_code_holds, related

pytestmark = pytest.mark.once


def test_credit_codes():
    assert credit_code_holds("91350100M000100Y43")  # the worked example of GB 32100-2015
    assert not credit_code_holds("91350100M000100Y44")
    assert not credit_code_holds("91350100M000100Y4")
    assert not credit_code_holds("91350100M000100O43")


def test_the_city_is_related_to_nobody_and_siblings_are_not_related():
    assert related("/1/5/", "/1/5/9/") and related("/1/5/9/", "/1/5/") and related("/1/5/", "/1/5/")
    assert not related("", "/1/5/") and not related("/1/5/", "") and not related("", "")
    assert not related("/1/5/", "/1/51/")


@given(st.text("/123"), st.text("/123"))
def test_related_is_symmetric(one, other):
    assert related(one, other) == related(other, one)
