"""A catalogue goes out as a file and comes in again: exactly, whole or not at all, every fault by its line."""

import json
import tomllib

import pytest

from cityloop.ground.kit.loader import load
from cityloop.ground.kit.manifest import Responsibility
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.registry import plates as installed
from cityloop.town.catalog import actions, differences, exchange, outgoing, queries
from cityloop.town.catalog.content import Content, digest_of, text_of
from cityloop.town.catalog.exchange import FileRefused
from cityloop.town.catalog.models import CatalogVersion
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import queries as orgs
from cityloop.town.orgs.models import Organisation
from tests.town.catalog.plates import matter, municipal, plate
from tests.town.staff import AT, BY, both, make_city, make_org

SOUND = """format = "cityloop.catalogue/1"
[[organisations]]
key = "works"
names = { en = "Works", zh-hans = "工程" }

[[plates]]
key = "water"
version = "1.0.0"
names = { en = "Water", zh-hans = "供水" }

[[plates.matters]]
code = "9901"
class = "99"
subclass = "01"
kind = "event"
names = { en = "Burst main", zh-hans = "爆管" }
filing = { en = "It runs", zh-hans = "漏水" }
closing = { en = "It is dry", zh-hans = "修复" }
milestones = [
  { name = { en = "shut", zh-hans = "关阀" }, limit = "1 uh" },
  { name = { en = "done", zh-hans = "修好" }, limit = "8 wh" },
]

[[plates.responsibility]]
lead = "works"

[[lines]]
matter = "9901"
lead = "works"
"""


def read(text=SOUND):
    return exchange.read(text, "city.toml")


def test_every_plate_comes_back_as_it_went():
    made = tuple(load(folder) for folder in installed().values())
    assert len(made) > 12
    lines = (Responsibility(matter="E*", lead="city", assisting=({"organisation": "city", "task": both('x\x7f"\\')},)),)
    content = Content("", made[1:], made[:1], lines)
    back = exchange.read(exchange.written(content, made[0].organisations, exchange.Source(city="here")), "f.toml")
    assert back.digest == digest_of(text_of(content))
    assert back.file.organisations == made[0].organisations and back.file.source.city == "here"
    assert [p.key for p in back.file.resting] == [made[0].key]
    for was, now in zip(content.plates, back.file.plates, strict=True):
        assert now == was.model_copy(update={"words": {}}), was.key


@pytest.mark.django_db
def test_a_published_catalogue_is_the_same_in_another_city():
    town = make_city()
    make_org("yard", town)
    actions.publish(plates=[municipal()], city=[Responsibility(matter="0110", unit="31", lead="yard")], by=BY, at=AT)
    first = queries.last_digest()
    file = exchange.read(outgoing.file(), "from-there.toml")
    assert {one.key for one in file.file.organisations} == {"cleaning", "sweepers", "yard"}
    CatalogVersion.objects.all().delete()
    Organisation.objects.exclude(parent=None).filter(key__in=["sweepers"]).delete()
    Organisation.objects.exclude(parent=None).delete()
    queries.forget()
    version = actions.take_in(reading=file, by=BY, at=AT)
    assert version.digest == first == file.digest
    assert orgs.directory()["yard"].names == both("yard")
    assert Organisation.objects.get(key="sweepers").parent.key == "cleaning"
    told = Step.objects.filter(subject="catalog").latest("seq")
    assert told.what == "imported" and json.loads(told.data)["file"] == "from-there.toml"
    assert json.loads(told.data)["source_digest"] == first


@pytest.mark.django_db
def test_what_the_file_does_not_name_is_laid_to_rest_and_the_same_again_is_no_version():
    make_city()
    actions.publish(plates=[municipal()], by=BY, at=AT)
    actions.take_in(reading=read(), on=queries.last_digest(), by=BY, at=AT)
    now = queries.published()
    assert [p.key for p in now.plates] == ["water"] and [p.key for p in now.resting] == ["municipal"]
    steps = Step.objects.count()
    actions.take_in(reading=read(), by=BY, at=AT)
    assert (Step.objects.count(), queries.current().number) == (steps, 2)
    with pytest.raises(Refusal) as caught:
        actions.take_in(reading=read(), on="0" * 64, by=BY, at=AT)
    assert caught.value.code == "catalog.changed"


BROKEN = {
    'limit = "8 wh"': ('limit = "8 hours"', 21, "plates[0].matters[0].milestones[1].limit"),
    "class = ": ("clas = ", 13, "plates[0].matters[0].clas"),
    'zh-hans = "供水"': ('de = "Wasser"', 9, "plates[0].names"),
    'key = "water"': ('key = "water', 7, ""),
    '[[lines]]\nmatter = "9901"': ('[[lines]]\nmatter = "99 01"', 28, "lines[0].matter"),
    'format = "cityloop.catalogue/1"': ('format = "other/1"', 1, "format"),
}


@pytest.mark.parametrize("sound", BROKEN)
def test_a_fault_of_shape_is_named_by_line_and_key(sound):
    broken, line, key = BROKEN[sound]
    with pytest.raises(FileRefused) as caught:
        read(SOUND.replace(sound, broken, 1))
    assert (line, key) in {(p.line, p.key) for p in caught.value.problems}, caught.value.problems
    assert all(problem.file == "city.toml" for problem in caught.value.problems)


OTHER = 'key = "works"\nnames = { en = "A", zh-hans = "B" }'
LINE = '[[lines]]\nmatter = "9901"\nlead = "works"'
FALSE = {
    "lead": (LINE, LINE.replace("works", "nobody"), 29, "lines[0].lead"),
    "parent": ('key = "works"', 'key = "works"\nparent = "none"', 4, "organisations[0].parent"),
    "line": (LINE, f"{LINE}\n{LINE}", 30, "lines[1]"),
    "organisation": ("[[plates]]", f"[[organisations]]\n{OTHER}\n[[plates]]", 7, "organisations[1].key"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", FALSE)
def test_what_does_not_hold_together_is_named_by_line_and_key_and_nothing_is_written(what):
    make_city()
    sound, false, line, key = FALSE[what]
    steps = Step.objects.count()
    with pytest.raises(FileRefused) as caught:
        actions.take_in(reading=read(SOUND.replace(sound, false, 1)), by=BY, at=AT)
    assert [(p.line, p.key) for p in caught.value.problems] == [(line, key)]
    assert Step.objects.count() == steps and "works" not in orgs.directory()


def test_differences_name_what_comes_goes_and_changes():
    old = Content("", (municipal(), plate("air", matter("7701"))), (), (Responsibility(lead="city"),))
    changed = municipal().model_copy(update={"matters": municipal().matters[:1], "version": "2.0.0"})
    new = Content("", (changed, plate("water", matter("9901"))), (), (Responsibility(lead="parks"),))
    told = differences.between(old, new)
    assert [(c.key, c.kind) for c in told] == [
        ("water", "on"),
        ("air", "off"),
        ("municipal", "changed"),
        ("", "changed"),
    ]
    found = {(d.part, d.key): d for d in told[2].differences}
    assert found["matters", "0401"].kind == "removed"
    assert found["plate", "municipal"].fields == (("version", "1.0.0", "2.0.0"),)
    assert told[3].differences[0].fields == (("lead", "city", "parks"),)
    assert differences.between(old, old) == []


def test_the_file_is_written_for_people():
    text = exchange.written(read().content(Content()), read().file.organisations, exchange.Source())
    assert tomllib.loads(text)["plates"][0]["matters"][0]["milestones"][1]["limit"] == "8 wh"
    assert 'names = { en = "Burst main", zh-hans = "爆管" }' in text
    assert '  { name = { en = "shut", zh-hans = "关阀" }, limit = "1 uh" },' in text
