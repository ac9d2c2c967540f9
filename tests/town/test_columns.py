"""Ranges of codes: what stands under one, to the last characters there are."""

import pytest

from cityloop.town.columns import after


@pytest.mark.parametrize(
    ("code", "following"),
    [("10", "11"), ("1009", "100:"), ("\ud7ff", "\ue000"), ("1\U0010ffff", "2"), ("\U0010ffff", "\U0010ffff")],
)
def test_the_text_after_all_under_a_code(code: str, following: str) -> None:
    assert after(code) == following and following.encode()
