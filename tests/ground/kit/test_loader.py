import pytest

from cityloop.ground.kit.loader import PlateRefused, line_numbers, load

pytestmark = pytest.mark.once

PLATE = """\
key = "municipal"
version = "1.0.0"
names = "@plate"

[[matters]]
code = "0110"
class = "01"
subclass = "10"
kind = "event"
names = "@rubbish"
filing = "@filing"
closing = "@closing"

[[matters.milestones]]
name = "@clear"
limit = "4 wh"

[[responsibility]]
matter = "0110"
lead = "cleaning"
"""
STRINGS = 'plate = "P"\nrubbish = "R"\nfiling = "F"\nclosing = "C"\nclear = "L"\n'


def write(folder, plate=PLATE, en=STRINGS, zh=STRINGS):
    (folder / "strings").mkdir(exist_ok=True)
    (folder / "plate.toml").write_text(plate)
    (folder / "strings" / "en.toml").write_text(en)
    (folder / "strings" / "zh-hans.toml").write_text(zh.replace('"R"', '"垃圾"'))
    return folder


def problems(folder):
    with pytest.raises(PlateRefused) as caught:
        load(folder)
    return caught.value.problems


def test_loads_with_the_words_of_both_languages(tmp_path):
    found = load(write(tmp_path))
    assert found.matters[0].names == {"en": "R", "zh-hans": "垃圾"}
    assert found.words["rubbish"] == {"en": "R", "zh-hans": "垃圾"}


def test_every_error_names_file_line_and_key(tmp_path):
    wrong = PLATE.replace('"4 wh"', '"4 hours"').replace('kind = "event"', 'kind = "thing"')
    found = problems(write(tmp_path, wrong))
    assert {(p.file, p.line, p.key) for p in found} == {
        ("plate.toml", 9, "matters[0].kind"),
        ("plate.toml", 16, "matters[0].milestones[0].limit"),
    }
    assert all(str(p).startswith("plate.toml:") for p in found)


def test_an_unknown_string_names_the_place(tmp_path):
    (found,) = problems(write(tmp_path, PLATE.replace('"@closing"', '"@clsing"')))
    assert (found.line, found.key) == (12, "matters[0].closing")
    assert "clsing" in found.message


def test_a_string_in_one_language_only_is_refused(tmp_path):
    (found,) = problems(write(tmp_path, en=STRINGS + 'more = "M"\n'))
    assert (found.file, found.key) == ("strings/zh-hans.toml", "more")


def test_syntax_missing_file_and_encoding(tmp_path):
    (found,) = problems(write(tmp_path, PLATE + "broken ="))
    assert (found.file, found.line) == ("plate.toml", 21)
    (tmp_path / "plate.toml").write_bytes(b'key = "\xff"')
    assert "UTF-8" in problems(tmp_path)[0].message
    (tmp_path / "plate.toml").unlink()
    assert "missing" in problems(tmp_path)[0].message


def test_lines_are_found_in_arrays_of_tables_and_past_long_strings():
    text = 'a = """\nb = 1\n"""\n[[t]]\nx = 1\n[[t]]\nx = 2\n[[t.u]]\ny.z = 3\n[[t.u]]\n"q r" = 4\n'
    lines = line_numbers(text)
    assert ("b",) not in lines
    assert lines["t", 1, "x"] == 7
    assert lines["t", 1, "u", 0, "y", "z"] == 9
    assert lines["t", 1, "u", 1, "q r"] == 11


def test_elements_of_an_array_on_lines_of_their_own_are_found():
    text = "a = [\n  { b = 1 },\n  # between\n\n  { b = [\n  2,\n  ] },\n]\nc = [1, 2]\n[t]\nd = 2\n"
    lines = line_numbers(text)
    assert (lines["a", 0], lines["a", 1]) == (2, 5)
    assert ("a", 2) not in lines
    assert (lines["c",], lines["t", "d"]) == (9, 11)
