"""How places are called: by their finest units, none named twice."""

import pytest

from cityloop.doors.web.show import names


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (["Brooklyn", "District 15 Brooklyn"], "District 15 Brooklyn"),
        (["丰年园社区", "丰年园社区第3网格"], "丰年园社区第3网格"),
        (["East", "Eastern Park"], "Eastern Park"),
        (["Ost", "Kost"], "Ost · Kost"),
        (["Midtown", "Tract 94"], "Midtown · Tract 94"),
        (["A (old)", "Part 2 of A (old)"], "Part 2 of A (old)"),
    ],
)
def test_a_unit_that_the_next_one_names_is_not_named_twice(path, said):
    assert names.place([("", {"en": name}) for name in path]) == said
