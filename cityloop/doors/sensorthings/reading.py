"""Reading entities and writing them as the standard does. A level of `$expand` costs so many statements, not more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from django.db.models import Count
from django.utils.translation import gettext_noop as _

from cityloop.doors.sensorthings import filters, pages, past
from cityloop.doors.sensorthings.entities import EMPTY, ENTITIES, Entity, Link, address, key_of
from cityloop.doors.sensorthings.expanding import of_parents
from cityloop.doors.sensorthings.options import NESTED, PAGE, Options
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing import queries
from cityloop.loops.sensing.history import joining
from cityloop.town.calendar.clock import city_clock

PIECE = 1_000  # rows of a page that are looked up, written down and sent at once
ROOM = 100_000  # entities that an answer holds below its own by `$expand`
Said = dict[str, Any]


class Much(Refusal):
    """There are more entities to be expanded than there is room for."""

    def __init__(self) -> None:
        super().__init__(
            "sensing.expand.much", _("This expands to more than {most} entities; ask for fewer of them with $top."),
            "$expand", most=ROOM,
        )  # fmt: skip


class Asked(NamedTuple):
    """An entity set, or a part of it; `kept` selects the datastreams whose kept counts say how many readings it has."""

    entity: Entity
    rows: Any
    kept: Mapping[str, Any] | None = None
    streams: Sequence[int] | None = None  # of which datastreams readings are, where that is known


class Reader:
    """Reads for one request; `root` is the address of the service, `room` how much may still be expanded."""

    def __init__(self, root: str) -> None:
        self.root, self.now, self.room = root, city_clock.now(), ROOM

    # --- sets and single ones

    def page(self, asked: Asked, options: Options, here: str) -> Said:
        """Give a page of an entity set."""
        said, token = self._page(asked, options, pages.order_of(asked.entity, options, self.now))
        return _linked(said, token, options, here)

    def pieces(self, asked: Asked, options: Options, here: str) -> Iterator[tuple[Said, bool]]:
        """Give a page as pages of at most `PIECE` that go on from each other, each with whether it is the last.

        So a page is never held whole. Only the first says how many there are, only the last where the next page is.
        Where pages cannot go on from the values of a row, each piece would look for all before it: it comes in one.
        Where more is to be expanded than there is room for, the page ends early, and the next one goes on.
        """
        order, left = pages.order_of(asked.entity, options, self.now), _top(options)
        most = PIECE if order.steady else left
        said, token, whole = self._first(asked, replace(options, top=min(most, left)), order)
        while token and whole and (left := left - len(said["value"])):
            yield said, False
            part = replace(options, top=min(most, left), token=token, count=False)
            try:
                said, token = self._page(asked, part, order)
            except Much:
                said, whole = {"value": []}, False
        yield _linked(said, token, options, here), True

    def _first(self, asked: Asked, part: Options, order: pages.Order) -> tuple[Said, str, bool]:
        """Give as much of a page as there is room for, where the next one begins, and whether it is all of it."""
        top = _top(part)
        while True:
            try:
                return *self._page(asked, part, order), _top(part) == top
            except Much:
                if _top(part) < 2:
                    raise
                self.room, part = ROOM, replace(part, top=_top(part) // 2)

    def _page(self, asked: Asked, options: Options, order: pages.Order) -> tuple[Said, str]:
        """Give a page, and where the next one begins: "" where there is none."""
        selected, top = self._selected(asked, options), _top(options)
        said: Said = {"@iot.count": self._count(asked, options, selected)} if options.count else {}
        if not top:  # who asks how many there are: nothing is looked for
            return {**said, "value": []}, ""
        skip, rows = options.skip, selected
        if options.token:
            beyond, passed = pages.after(order, options.token)
            rows, skip = rows.filter(beyond), passed or (0 if order.steady else skip)
        rows = rows.order_by(*order.by)
        if asked.entity.name == "Observations":
            whole = asked.kept is not None
            reach = past.asked_of(options, self.now, asked.streams, whole=whole, order=order)
            found = joining.page(rows, reach, skip, top + 1)
        else:
            found = list(rows.values(*self._columns(asked.entity, options))[skip : skip + top + 1])
        more, found = len(found) > top, found[:top]
        token = pages.token(order, found[-1], skip + top) if more else ""
        return {**said, "value": self.told(asked.entity, found, options)}, token

    def one(self, asked: Asked, options: Options) -> Said | None:
        """Give a single entity."""
        found = list(asked.rows.values(*self._columns(asked.entity, options))[:1])
        return self.told(asked.entity, found, options)[0] if found else None

    def _selected(self, asked: Asked, options: Options) -> Any:
        if not options.filter:
            return asked.rows
        what, many = filters.condition(asked.entity, options.filter, self.now)
        if not many:
            return asked.rows.filter(what)
        if len(asked.entity.key) > 1:
            return asked.rows.filter(what).distinct()
        return asked.rows.filter(pk__in=queries.table(asked.entity.name).filter(what).values("pk"))

    def _count(self, asked: Asked, options: Options, selected: Any) -> int:
        if asked.kept is not None and not options.filter:
            return queries.readings_kept(**asked.kept)
        number = int(selected.count())
        if asked.entity.name == "Observations":
            reach = past.asked_of(options, self.now, asked.streams, whole=asked.kept is not None)
            number += joining.past_count(selected, reach)
        return number

    def _columns(self, entity: Entity, options: Options) -> list[str]:
        needed = dict.fromkeys(entity.key)
        shown = [entity.fields[name] for name in options.select if name in entity.fields] if options.select else (
            entity.fields.values())  # fmt: skip
        for field in shown:
            needed |= dict.fromkeys(field.needs)
        for words, _down in options.orderby:
            by = entity.fields.get(words)
            needed |= dict.fromkeys(by.needs if by else ())
        needed |= {f"{link.path}_id": None for name in options.expand if not (link := entity.links[name]).many}
        return list(needed)

    # --- writing down

    def told(self, entity: Entity, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Said]:
        """Write rows as the standard does, with all that is to be expanded."""
        found = [self._plain(entity, row, options) for row in rows]
        for name, nested in options.expand.items():
            link = entity.links[name]
            (self._many if link.many else self._each)(name, link, entity, rows, nested, found)
        return found

    def _plain(self, entity: Entity, row: Mapping[str, Any], options: Options) -> Said:
        select, key, link = options.select, "", ""
        if not (select and entity.fields.keys() >= set(select)):
            key = key_of(entity, row)
            link = f"{self.root}/{address(entity, key)}"
        said: Said = {"@iot.selfLink": link, "@iot.id": key} if not select else {}
        if "@iot.selfLink" in select:
            said["@iot.selfLink"] = link
        if "id" in select or "@iot.id" in select:
            said["@iot.id"] = key
        for name, field in entity.fields.items():
            if not select or name in select:
                value = field.show(row)
                if value is not None and value != {} or name not in EMPTY:
                    said[name] = value
        for name in entity.links:
            if name not in options.expand and (not select or name in select):
                said[f"{name}@iot.navigationLink"] = f"{link}/{name}"
        return said

    def _each(
        self, name: str, link: Link, entity: Entity, rows: Sequence[Mapping[str, Any]], nested: Options,
        found: list[Said],
    ) -> None:  # fmt: skip
        """Put in what each has one of."""
        target, column = ENTITIES[link.to], f"{link.path}_id"
        ids = {row[column] for row in rows} - {None}
        columns = [*self._columns(target, nested), *(() if "id" in target.key else ("id",))]
        others = list(queries.table(target.name).filter(pk__in=ids).values(*columns)) if ids else []
        told = {row["id"]: one for row, one in zip(others, self.told(target, others, nested), strict=True)}
        if nested.expand:  # what several lead to is written with each of them
            wide = {pk: _below(one, nested) for pk, one in told.items()}
            self._take(sum(wide.get(row[column], 0) for row in rows) - sum(wide.values()))
        for row, said in zip(rows, found, strict=True):
            said[name] = told.get(row[column])

    def _many(
        self, name: str, link: Link, entity: Entity, rows: Sequence[Mapping[str, Any]], nested: Options,
        found: list[Said],
    ) -> None:  # fmt: skip
        """Put in what each has many of: a first page, and where the next one is."""
        target, parents = ENTITIES[link.to], [row["id"] for row in rows]
        top = NESTED if nested.top is None else nested.top
        if not parents:
            return
        if self._newest_alone(link, nested, top):
            grouped, counts = self._newest(parents)
        else:
            asked = Asked(target, queries.table(target.name))
            order = pages.order_of(target, nested, self.now)
            queryset = self._selected(asked, nested).order_by(*order.by)
            columns = self._columns(target, nested)
            grouped = of_parents(queryset, link, columns, parents, nested.skip, top + 1, self.room + len(parents))
            if target.name == "Observations":
                grouped |= self._joined(queryset, link, nested, order, parents, top + 1)
            counts = {}
        total = self._counted(link, nested, parents) if nested.count else {}
        shown = {pk: grouped.get(pk, [])[:top] for pk in parents}
        self._take(sum(map(len, shown.values())))
        next_page = urlencode([*nested.raw, ("$skip", str(nested.skip + top))], quote_via=quote)
        told = iter(self.told(target, [row for pk in parents for row in shown[pk]], nested))
        for pk, said in zip(parents, found, strict=True):
            if nested.count:
                said[f"{name}@iot.count"] = total.get(pk, 0)
            said[name] = [next(told) for _row in shown[pk]]
            if counts.get(pk, len(grouped.get(pk, []))) > top:
                said[f"{name}@iot.nextLink"] = f"{self.root}/{address(entity, pk)}/{name}?{next_page}"

    def _joined(
        self, queryset: Any, link: Link, nested: Options, order: pages.Order, parents: Sequence[int], most: int
    ) -> dict[int, list[Said]]:
        """Give the readings of those parents that have some in the history too."""
        found: dict[int, list[Said]] = {}
        room = self.room + len(parents)
        for pk, reach in self._reaching(link, nested, order, parents):
            found[pk] = joining.page(queryset.filter(**{link.back: pk}), reach, nested.skip, most)
            room -= len(found[pk])
            if room < 0:
                raise Much
        return found

    def _take(self, number: int) -> None:
        """Take up room with what was expanded."""
        self.room -= number
        if self.room < 0:
            raise Much

    def _reaching(
        self, link: Link, nested: Options, order: pages.Order | None, parents: Sequence[int]
    ) -> Iterator[tuple[int, joining.Asked]]:
        """Give the parents that have readings in the history, and what is asked of each. One query, two of features."""
        whole = link.back == "datastream"
        streams = {pk: [pk] for pk in parents} if whole else queries.streams_about(parents)
        reach = past.asked_of(nested, self.now, None, whole=whole, order=order)
        kept = joining.kept_of(sorted({pk for some in streams.values() for pk in some}), reach.since, reach.until)
        aged = {one.datastream for one in kept}
        for pk, some in streams.items():
            if aged.intersection(some):
                yield pk, replace(reach, streams=some)

    @staticmethod
    def _newest_alone(link: Link, nested: Options, top: int) -> bool:
        plain = not (nested.filter or nested.skip) and top == 1 and link.back == "datastream"
        return plain and nested.orderby == [("phenomenonTime", True)]

    @staticmethod
    def _newest(parents: Sequence[int]) -> tuple[dict[Any, list[dict[str, Any]]], dict[int, int]]:
        grouped, counts = {}, {}
        for row in queries.newest_of(parents):
            grouped[row[0]], counts[row[0]] = [dict(zip(queries.NEWEST, row[1:-1], strict=True))], row[-1]
        return grouped, counts

    def _counted(self, link: Link, nested: Options, parents: Iterable[int]) -> dict[int, int]:
        if link.back == "datastream" and not nested.filter:
            return queries.readings_by_datastream(parents)
        target = ENTITIES[link.to]
        rows = self._selected(Asked(target, queries.table(target.name)), nested).filter(**{f"{link.back}__in": parents})
        name = target.key[-1]
        found = dict(rows.values_list(link.back).annotate(number=Count(name)).order_by())
        if target.name == "Observations":
            for pk, reach in self._reaching(link, nested, None, list(parents)):
                found[pk] = found.get(pk, 0) + joining.past_count(rows.filter(**{link.back: pk}), reach)
        return found


def _top(options: Options) -> int:
    return PAGE if options.top is None else options.top


def _below(said: Said, options: Options) -> int:
    """Count the entities that are expanded below one."""
    number = 0
    for name, nested in options.expand.items():
        some = said[name] if isinstance(said[name], list) else [said[name]]
        number += len(some) + (sum(_below(one, nested) for one in some if one) if nested.expand else 0)
    return number


def _linked(said: Said, token: str, options: Options, here: str) -> Said:
    """Add where the next page is, if there is one."""
    if not token:
        return said
    return {**said, "@iot.nextLink": f"{here}?{urlencode([*options.raw, ('$skiptoken', token)], quote_via=quote)}"}


def data_array(page: Said, root: str, *, unnamed: bool = False) -> Said:
    """Write a page of readings as rows of one table for each datastream; `unnamed`: their ids are not asked for."""
    tables: dict[str, Said] = {}
    for one in page.pop("value"):
        plain = {name: value for name, value in one.items() if not name.endswith("@iot.navigationLink")}
        shaped = {"id" if name == "@iot.id" else name: value for name, value in plain.items() if "selfLink" not in name}
        link = f"{root}/Datastreams({str(shaped['id']).partition('-')[0]})"
        if unnamed:
            del shaped["id"]
        table = tables.setdefault(
            f"{link} {','.join(shaped)}",
            {
                "Datastream@iot.navigationLink": link,
                "components": list(shaped),
                "dataArray@iot.count": 0,
                "dataArray": [],
            },
        )
        table["dataArray"].append(list(shaped.values()))
        table["dataArray@iot.count"] += 1
    return {**page, "value": list(tables.values())}
