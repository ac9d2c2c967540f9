"""Where things stand: now, and since when; and what their readings tell about because of it."""

from collections.abc import Collection, Iterable, Sequence

from cityloop.loops.sensing.models import (
    Datastream,
    FeatureOfInterest,
    HistoricalLocation,
    Location,
    Position,
    Stand,
    Thing,
)
from cityloop.town.units import queries as units


def place(*, thing: Thing, locations: Sequence[Location], time: int) -> None:
    """Let a thing stand somewhere from now on."""
    _stand(thing, locations)
    HistoricalLocation.objects.create(thing=thing, time=time).locations.set(locations)


def stood(*, thing: Thing, locations: Sequence[Location], time: int) -> HistoricalLocation:
    """Note where a thing stood; where nothing later is known it stands there still."""
    newest = HistoricalLocation.objects.filter(thing=thing).order_by("-time").values_list("time", flat=True).first()
    made = HistoricalLocation.objects.create(thing=thing, time=time)
    made.locations.set(locations)
    if newest is None or time > newest:
        _stand(thing, locations)
    return made


def as_known(thing: Thing) -> None:
    """Let a thing stand where it stood last, after what is known of that was put right."""
    newest = thing.historical_locations.order_by("-time", "-pk").first()
    if newest is not None:
        _stand(thing, list(newest.locations.all()))


def moved(location: Location) -> None:
    """Find anew in which unit things stand, after their location was drawn elsewhere."""
    # Earlier readings still tell about the place as it was; the next ones about the place as it is.
    FeatureOfInterest.objects.filter(location=location).update(location=None)
    settle(Thing.objects.filter(locations=location))


def settle(things: Iterable[Thing]) -> None:
    """Find anew in which unit things are, by where they stand; of one that moves its last position says it."""
    for thing in things:
        if not Position.objects.filter(thing=thing).exists():
            thing.unit_code = _unit(list(thing.locations.all()))
        _settled(thing)


def default_features(streams: Iterable[int]) -> dict[int, int]:
    """Give datastreams that have none a feature of interest: the place of their thing, where it has one.

    Six statements, however many they are.
    """
    waiting = Datastream.objects.filter(pk__in=list(streams), feature=None).order_by("pk")
    places = dict(waiting.filter(thing__locations__shape__isnull=False).values_list("pk", "thing__locations"))
    if not places:
        return {}
    features = _features(set(places.values()))
    found = {pk: features[place] for pk, place in places.items()}
    Datastream.objects.bulk_update([Datastream(pk=pk, feature_id=one) for pk, one in found.items()], ["feature"], 400)
    link = Datastream.features.through
    made = [link(datastream_id=pk, featureofinterest_id=one) for pk, one in found.items()]
    link._default_manager.bulk_create(made, ignore_conflicts=True)
    return found


COPIED = (
    "name", "description", "properties", "encoding_type", "shape", "lon", "lat", "west", "south", "east", "north",
    "created", "at",
)  # fmt: skip


def _features(places: Collection[int]) -> dict[int, int]:
    """Give the features that places are, by the places; those that are not there yet are made."""
    known = dict(FeatureOfInterest.objects.filter(location__in=places).values_list("location", "pk"))
    if len(known) == len(places):
        return known
    wanting = Location.objects.filter(pk__in=set(places) - set(known)).order_by("pk")
    made = [FeatureOfInterest(location=place, **{name: getattr(place, name) for name in COPIED}) for place in wanting]
    # Where another makes the same one just now, it is theirs.
    FeatureOfInterest.objects.bulk_create(made, ignore_conflicts=True)
    return dict(FeatureOfInterest.objects.filter(location__in=places).values_list("location", "pk"))


def _stand(thing: Thing, locations: Sequence[Location]) -> None:
    thing.locations.set(locations)
    thing.unit_code = _unit(locations)
    _settled(thing)


def _settled(thing: Thing) -> None:
    thing.save(update_fields=["unit_code"])
    Stand.objects.filter(datastream__thing=thing).update(unit_code=thing.unit_code)
    thing.datastreams.update(feature=None)  # what they tell about is found anew with the next reading


def _unit(locations: Sequence[Location]) -> str:
    points = ((one.lon, one.lat) for one in locations if one.lon is not None and one.lat is not None)
    return next((code for lon, lat in points if (code := units.locate(lon, lat))), "")
