"""Unit codes: prefixes, ranges, and the reserved segments that make sums exact."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.ground.codes import DEFAULT_SCHEME, CodeScheme, Level, roots, scheme_data, scheme_of
from cityloop.ground.kit.refusal import Refusal

LETTERS = CodeScheme((Level("city", 1), Level("ward", 1), Level("block", 2)), "0ABXab")
SCHEMES = st.sampled_from([DEFAULT_SCHEME, LETTERS, CodeScheme((Level("city", 4), Level("council", 3)))])


@st.composite
def coded(draw: st.DrawFn, depth: int | None = None) -> tuple[CodeScheme, str]:
    """A scheme and a well-formed code in it, rests and unplaced included."""
    scheme = draw(SCHEMES)
    level = draw(st.integers(0, scheme.depth)) if depth is None else min(depth, scheme.depth)
    code = draw(st.text(scheme.alphabet, min_size=scheme.lengths[0], max_size=scheme.lengths[0]))
    for _ in range(level):
        if scheme.is_rest(code) or scheme.is_unplaced(code):
            break
        width = scheme.levels[scheme.level_of(code) + 1].width
        code += draw(st.text(scheme.alphabet, min_size=width, max_size=width))
    try:
        return scheme, scheme.validate(code)
    except Refusal:
        return scheme, code[: scheme.lengths[0]]


@settings(deadline=None)
@given(coded())
def test_segments_join_to_the_code_and_parents_are_prefixes(found: tuple[CodeScheme, str]) -> None:
    scheme, code = found
    assert "".join(scheme.parse(code)) == code
    assert scheme.path(code)[-1] == code
    assert scheme.parent_of(code) == (scheme.path(code)[-2] if scheme.level_of(code) else "")


@settings(deadline=None)
@given(coded(), coded())
def test_a_range_holds_exactly_what_begins_with_the_code(a: tuple[CodeScheme, str], b: tuple[CodeScheme, str]) -> None:
    scheme, code = a
    low, high = scheme.children_range(code)
    other = b[1]
    assert (low <= other < high) == (
        other.startswith(code) and other != code and other[len(code)] >= scheme.alphabet[0]
    )


@settings(deadline=None)
@given(coded(), st.integers(1, 30))
def test_numbers_read_back_and_never_meet_a_reserved_segment(found: tuple[CodeScheme, str], number: int) -> None:
    scheme, code = found
    if scheme.filing_code(code) == code:
        return
    try:
        child = scheme.numbered(code, number)
    except Refusal as refused:
        assert refused.code in ("codes.segment", "codes.reserved")
        return
    assert scheme.number_of(child) == number
    assert not scheme.is_rest(child)
    assert not scheme.is_unplaced(child)
    low, high = scheme.children_range(code)
    assert low <= child < high


def test_rest_and_unplaced_lie_under_their_parent() -> None:
    scheme = DEFAULT_SCHEME
    assert scheme.rest_code("440303") == "440303000"
    assert scheme.unplaced_code("4403") == "440399"
    assert scheme.is_rest("440303000")
    assert scheme.is_rest("440300")
    assert scheme.is_unplaced("440399")
    assert not scheme.is_unplaced("440303999")
    for code in ("440303000", "440399", "440300"):
        low, high = scheme.children_range("4403")
        assert low <= code < high
        assert scheme.filing_code(code) == code
    assert scheme.filing_code("440303") == "440303000"
    assert scheme.filing_code("440303001002003") == "440303001002003"


def test_sums_over_children_with_rest_equal_the_parent() -> None:
    scheme = CodeScheme((Level("city", 1), Level("ward", 1), Level("block", 1)))
    filed = [scheme.filing_code(code) for code in ("111", "112", "11", "121", "1", "19", "1", "12")]

    def count(code: str) -> int:
        low, high = scheme.children_range(code)
        return sum(code == one or low <= one < high for one in filed)

    assert sum(count(child) for child in ("10", "11", "12", "19")) == count("1") == len(filed)
    assert sum(count(child) for child in ("110", "111", "112")) == count("11") == 3


def test_numbering_uses_the_alphabet_in_order() -> None:
    codes = [LETTERS.numbered("AA", n) for n in range(1, 35)]
    assert codes == sorted(codes)
    assert codes[:6] == ["AA0A", "AA0B", "AA0X", "AA0a", "AA0b", "AAA0"]


def test_schemes_are_data() -> None:
    for scheme in (DEFAULT_SCHEME, LETTERS):
        assert scheme_of(scheme_data(scheme)) == scheme
    assert DEFAULT_SCHEME.lengths == (4, 6, 9, 12, 15)


def test_roots_drops_what_lies_under_another() -> None:
    assert roots(["440303001", "4403", "44", "4403", "45"]) == ["44", "45"]
    assert roots(["440303", "440304", "4403041"]) == ["440303", "440304"]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("44030", "codes.length"),
        ("", "codes.length"),
        (None, "codes.length"),
        ("44030A", "codes.character"),
        ("4403 1", "codes.character"),
        ("４４０３", "codes.character"),
        ("440300001", "codes.reserved"),
        ("440399001", "codes.reserved"),
        ("440303000001", "codes.reserved"),
    ],
)
def test_a_malformed_code_is_refused_by_its_field(code: str, why: str) -> None:
    with pytest.raises(Refusal) as refused:
        DEFAULT_SCHEME.validate(code, "unit")
    assert (refused.value.code, refused.value.field) == (why, "unit")


@pytest.mark.parametrize(
    "scheme",
    [
        {"levels": [["city", 4]]},
        {"levels": [["city", 4], ["city", 2]]},
        {"levels": [["city", 0], ["grid", 2]]},
        {"levels": "nothing"},
        {"levels": [["city", 4], ["grid", 2]], "alphabet": "210"},
        {"levels": [["city", 4], ["grid", 2]], "alphabet": "01é"},
        {"levels": [["city", 4], ["grid", 2]], "alphabet": "01"},
    ],
)
def test_an_unfit_scheme_is_refused(scheme: dict[str, object]) -> None:
    with pytest.raises(Refusal):
        scheme_of(scheme)


def test_a_segment_too_wide_or_reserved_is_refused() -> None:
    for segment in ("1234", "000", "0", "1a"):
        with pytest.raises(Refusal):
            DEFAULT_SCHEME.child_code("440303", segment)
    assert DEFAULT_SCHEME.child_code("440303", "7") == "440303007"
    with pytest.raises(Refusal):
        DEFAULT_SCHEME.child_code("4403", "99")
