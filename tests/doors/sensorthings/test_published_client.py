"""The published client of the standard, `frost_sta_client`, does all that its manual shows against a served city."""

from typing import Any

import frost_sta_client as fsc
import jsonpatch
import pytest
import requests
from frost_sta_client.model.ext.data_array_document import DataArrayDocument
from frost_sta_client.model.ext.data_array_value import DataArrayValue
from geojson import Point

from tests.faults.house import House

pytestmark = pytest.mark.xdist_group("small house")
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
KEY = """
from cityloop.town.columns import real_now
from cityloop.town.persons.actions import make_access_key
from cityloop.town.persons.queries import account_named
from tests.town.staff import BY
from cityloop.town.persons.models import Account
who = Account.objects.order_by("pk").first()
print(make_access_key(account=who, label="station", days=1, by=BY, at=real_now(), scopes=["sense"], per_minute=100_000))
"""


@pytest.fixture(scope="module")
def served(small_house: House) -> House:
    return small_house


@pytest.fixture(scope="module")
def service(served: House) -> fsc.SensorThingsService:
    key = served.python(KEY).strip()
    return fsc.SensorThingsService(
        f"http://127.0.0.1:{served.port}/sta/v1.1", auth_handler=fsc.AuthHandler(username="station", password=key)
    )


def datastream(name: str) -> fsc.Datastream:
    made = fsc.Datastream(
        name=name, description="air", observation_type=MEASUREMENT,
        unit_of_measurement=fsc.UnitOfMeasurement(name="degree", symbol="°C", definition="ucum:Cel"),
    )  # fmt: skip
    made.sensor = fsc.Sensor(name="box", description="a box", encoding_type="text/html", metadata="https://example.org")
    made.observed_property = fsc.ObservedProperty(name="warmth", description="air", definition="https://example.org/t")
    return made


def test_its_whole_repertoire(service: fsc.SensorThingsService) -> None:
    # Creating, with all that hangs on it.
    location = fsc.Location(name="here", description="and there", location=Point((10.05, 50.07)),
                            encoding_type="application/geo+json")  # fmt: skip
    thing = fsc.Thing(name="new thing", description="I am a thing with a location",
                      properties={"withLocation": True, "owner": "IOSB"})  # fmt: skip
    thing.locations = [location]
    thing.datastreams = [datastream("first"), datastream("second")]
    service.create(thing)
    found = service.things().find(thing.id)
    assert (found.name, found.properties) == ("new thing", {"withLocation": True, "owner": "IOSB"})

    # Asking lists, of all and of one.
    listed = service.things().query().filter(f"id eq {thing.id}").list()
    assert [one.name for one in listed] == ["new thing"]
    streams = found.get_datastreams().query().orderby("name", "ASC").list().entities
    assert [one.name for one in streams] == ["first", "second"]
    first = service.datastreams().find(streams[0].id)

    # Readings one by one, and what is sent again.
    for n in range(12):
        when = f"2022-12-18T{n:02}:00:00Z"
        service.create(fsc.Observation(result=n, phenomenon_time=when, datastream=first))
        service.create(fsc.Observation(result=n, phenomenon_time=when, datastream=first))
    readings = first.get_observations().query().filter("result gt 5").orderby("phenomenonTime").count().list()
    assert (readings.count, readings.entities[0].result) == (6, 11)
    again = service.observations().find(readings.entities[0].id)
    assert (again.result, again.phenomenon_time) == (11, "2022-12-18T11:00:00Z")

    # Pages and progress.
    seen: list[int] = []
    paged = first.get_observations().query().top(5).list(callback=seen.append, step_size=5)
    assert len(paged.entities) == 5 and len(list(paged)) == 12 and seen == [0, 5, 10]

    # Nested expansion.
    wide = service.things().query().expand("Locations,Datastreams($expand=Observations($top=1),Sensor)").list()
    one = next(t for t in wide.entities if t.id == thing.id)
    assert one.locations.entities[0].name == "here" and one.datastreams.entities[0].sensor.name == "box"

    # Data arrays, as the manual has them: an instant, and an interval that begins with it.
    feature = service.features_of_interest().query().list().entities[0]
    array = DataArrayValue()
    array.components = {array.Property.PHENOMENON_TIME, array.Property.RESULT, array.Property.FEATURE_OF_INTEREST}
    array.datastream = first
    for result, when in ((3, "2022-12-19T10:00:00Z"), (5, "2022-12-19T10:00:00Z/2022-12-19T11:00:00Z")):
        array.add_observation(
            fsc.Observation(result=result, phenomenon_time=when, datastream=first, feature_of_interest=feature)
        )
    document = DataArrayDocument()
    document.add_data_array_value(array)
    made: list[Any] = service.observations().create(document)
    links = [one.self_link for one in made]
    assert len(set(links)) == 2 and all(requests.get(link, auth=auth(service), timeout=9).ok for link in links)

    # Changing: by a patch, and by all that is to be said.
    service.patch(found, jsonpatch.JsonPatch([{"op": "replace", "path": "/name", "value": "patched"},
                                             {"op": "add", "path": "/properties/floor", "value": 3}]))  # fmt: skip
    found = service.things().find(thing.id)
    assert (found.name, found.properties["floor"], found.properties["owner"]) == ("patched", 3, "IOSB")
    found.name, found.properties = "put", {}
    service.update(found)
    assert (service.things().find(thing.id).name, service.things().find(thing.id).properties) == ("put", {})

    # Removing.
    service.delete(again)
    service.delete(streams[1])
    assert first.get_observations().query().count().top(0).list().count == 13
    service.delete(found)
    with pytest.raises(requests.exceptions.HTTPError):
        service.datastreams().find(first.id)
    assert service.observations().query().count().list().count == 0


def auth(service: fsc.SensorThingsService) -> Any:
    return service.auth_handler.add_auth_header()


def test_its_errors_say_why(service: fsc.SensorThingsService) -> None:
    wrong = fsc.Observation(result=1, phenomenon_time="2022-12-18T01:00:00Z", datastream=fsc.Datastream(id=999_999))
    with pytest.raises(requests.exceptions.HTTPError) as caught:
        service.create(wrong)
    told = caught.value.response.json()
    assert (told["code"], told["refusal"], told["field"]) == (400, "sensing.quarantine.datastream", "Datastream")
    for name in ("actuators", "tasks", "tasking_capabilities", "multi_datastreams"):  # extensions we do not declare
        with pytest.raises(requests.exceptions.HTTPError):
            getattr(service, name)().query().list()
