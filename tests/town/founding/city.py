"""A city file that is right, and the boundaries it names."""

from pathlib import Path

from tests.loops.cases.smallville import _write

GOOD = """\
plates = ["municipal"]

[city]
key = "smallville"
names = { en = "Smallville", zh-hans = "小城" }
code = "1001"
zone = "Asia/Shanghai"
case_prefix = "SV"
languages = ["zh-hans", "en"]

[codes]
levels = [["city", 4], ["district", 2], ["grid", 3]]

[[levels]]
name = "district"
source = { file = "district.geojson", key = "key" }
up = { property = "parent" }
title = { en = "{key}", zh-hans = "{key}" }

[[levels]]
name = "grid"
source = { file = "grid.geojson", key = "key" }
title = { en = "{key}" }

[calendar]
country = "CN"
hours = ["08:00-12:00", "14:00-18:00"]
workdays = ["2018-09-29"]

[[organisations]]
key = "river-office"
names = { en = "River office", zh-hans = "河长办" }
parent = "urban_management"

[[organisations]]
key = "district-office"
names = { en = "District office", zh-hans = "区政府" }

[[organisations]]
key = "street-office"
names = { en = "Street office", zh-hans = "街道办" }
parent = "district-office"

[[accounts]]
user = "engineer"
name = "Emma Engineer"
posts = [{ role = "city_engineer" }]

[[accounts]]
user = "ines"
language = "en"
posts = [
  { role = "inspector", organisation = "supervision_centre", unit = "100101", level = 2 },
  { role = "inspector", organisation = "supervision_centre", unit = "100102", level = 2 },
]
"""


def city_file(folder: Path, old: str = "", new: str = "", more: str = "") -> Path:
    """Write the boundaries and the city file, with `old` replaced by `new` and `more` behind it."""
    assert old in GOOD, old
    _write(folder)
    path = folder / "city.toml"
    path.write_text(GOOD.replace(old, new, 1) + more if old else GOOD + more)
    return path
