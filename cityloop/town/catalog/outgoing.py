"""The file of the catalogue as it is published, with the organisations that another city would need."""

from cityloop.ground.kit.manifest import Organisation
from cityloop.ground.kit.words import say
from cityloop.town.catalog import exchange, queries
from cityloop.town.catalog.content import Content
from cityloop.town.columns import rfc3339
from cityloop.town.orgs import queries as orgs
from cityloop.town.units import queries as units


def file() -> str:
    """Give the file. Four queries."""
    now = queries.published()
    published = next(iter(queries.versions()), (0, "", 0))
    city = say(units.city().names) if units.has_city() else ""
    at = rfc3339(published[2]) if published[2] else ""
    source = exchange.Source(city=city, version=published[0], digest=now.digest, published=at)
    return exchange.written(now, named(now), source)


def named(content: Content) -> list[Organisation]:
    """Give the organisations that lines name, with those above them, as they are here; the city itself aside."""
    known = orgs.directory()
    by_id = {str(one.id): one for one in known.values() if one.path.strip("/").count("/")}
    plates = (*content.plates, *content.resting)
    lines = [*content.lines, *(line for plate in plates for line in plate.responsibility)]
    keys = {key for line in lines for key in (line.lead, *(one.organisation for one in line.assisting))}
    above = {step for key in keys if key in known for step in known[key].path.strip("/").split("/")}
    wanted = sorted((by_id[step] for step in above if step in by_id), key=lambda one: (one.path.count("/"), one.key))
    return [Organisation(key=o.key, names=o.names, kind=o.kind, parent=_parent(o, by_id)) for o in wanted]


def _parent(one: orgs.OrgRef, by_id: dict[str, orgs.OrgRef]) -> str | None:
    above = by_id.get(one.path.strip("/").split("/")[-2])
    return above.key if above else None
