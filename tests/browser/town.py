"""The running town with one of everything that has a page of its own, for the browsers that look at every page.

Run inside the city's own process: `City.shell("from tests.browser.town import furnish; furnish()")`.
"""

import json
from datetime import date

from cityloop.loops.cases.models import Case
from cityloop.loops.sensing.actions import eyes, judging
from cityloop.loops.sensing.models import Alarm, Thing
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog.actions import publish
from cityloop.town.catalog.queries import last_digest
from cityloop.town.files.actions import keep
from cityloop.town.notices import links
from cityloop.town.orgs.queries import city
from cityloop.town.persons import actions as persons
from tests.browser.table import ENGINEER, WATCHER
from tests.doors.web.conftest import picture
from tests.journeys.town import PASSWORD, again, hostile_case
from tests.loops.cases.smallville import PLATE, STRAIGHT, Town
from tests.loops.sensing.instruments import bring
from tests.loops.sensing.watched import alarm, plate, set_up
from tests.town.components.things import LAMP, put
from tests.town.imagery import above
from tests.town.staff import BY, make_account, seat


def furnish() -> None:
    """Furnish it; print the hostile case with its code, then what everything is known by, as the addresses name it."""
    town, now, before = again(), city_clock.now(), last_digest()
    publish(
        plates=[PLATE.model_copy(update={"components": (LAMP,)}), plate(alarm("high", above=250, clear=200))],
        by=BY,
        at=now,
    )
    for name, role in ((ENGINEER, "city_engineer"), (WATCHER, "security_officer")):
        who = make_account(name)
        who.set_password(PASSWORD)
        who.save()
        seat(city(), role, account=who)
    hostile_case()
    print(json.dumps({"before": before, **sensed(now), **seen(town, now)}))


def sensed(now: int) -> dict[str, object]:
    """Set up an instrument that raises an alarm, a camera, and a picture from above."""
    measured = set_up()
    bring((measured, now, 410.0), now=now)
    judging.judge(at=now)
    eyes.register(key="gate", name="Gate", link="https://video.example.org/gate", lon=10.05, lat=50.07, by=BY, at=now)
    day = date.fromtimestamp(now / 1_000_000)
    above.picture("flight", day.replace(year=day.year - 5), public=True)
    return {"alarm": Alarm.objects.get().pk, "thing": Thing.objects.get().pk}


def seen(town: Town, now: int) -> dict[str, object]:
    """Bring cases on: one to its end with both photos, one to the dispatcher, and one that is confidential."""
    lamp = put(name="Gate 7", attributes={"height": 7})
    before = keep(picture("green"), subject="", by=BY, at=town.at)
    ended = town.collect(lon=10.031, lat=50.031, email="rose@example.org", photos=(before,), component=lamp.code)
    case = Case.objects.get(pk=ended.case)
    for what, who, data in STRAIGHT:
        photo = [str(keep(picture("gray"), subject=case.subject, by=BY, at=town.at).uuid)]
        town.take(ended.case, what, who, **data, **({"photos": photo} if what == "report_back" else {}))
    filed = town.collect(matter="hole", lon=10.09, lat=50.011)
    town.take(filed.case, "file", "shift")
    hidden = town.collect(matter="secret", lon=10.171, lat=50.041)
    rose = persons.find_or_register(at=now, email="rose@example.org", language="en")
    persons.look(person=rose, by=town.actor("parks"), at=now, purpose="<b>which</b> tree?")
    return {
        "lamp": lamp.code,
        "closed": ended.follow,
        "closed_number": ended.number,
        "filed": filed.number,
        "secret": hidden.follow,
        "stop": links.token("stop", rose.pk, case.subject),
        "confirm": links.token("confirm", rose.pk, "unit:100101"),
    }
