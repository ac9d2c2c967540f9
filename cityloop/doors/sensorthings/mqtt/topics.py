"""What is subscribed, learnt from the broker's log, and what is told below each topic: the entity as by HTTP."""

import logging
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from django.conf import settings

from cityloop.doors.sensorthings import options, paths
from cityloop.doors.sensorthings.calls import ROOT
from cityloop.doors.sensorthings.entities import ENTITIES
from cityloop.doors.sensorthings.mqtt.news import Row
from cityloop.doors.sensorthings.paths import Meant
from cityloop.doors.sensorthings.reading import Asked, Reader
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing import queries

log = logging.getLogger("cityloop.mqtt")
BEGINS = "v1.1/"
MOST = 10_000  # topics remembered
_LOGGED = re.compile(r"\d+: .* [012] (v1\.1/.+)")
_OPTIONS = {"$select"}
_names = msgspec.json.Decoder(list[str])
Told = tuple[str, bytes]  # topic, message


class Topic(NamedTuple):
    """A topic: what it means, and how it is told. Of readings, `stream` and `feature` say which; 0 is all."""

    name: str
    here: Meant
    options: options.Options
    stream: int = 0
    feature: int = 0


def logged(line: str) -> str:
    """Read from a line of the broker's log which topic was subscribed; "" where it is none of ours."""
    found = _LOGGED.fullmatch(line)
    return found[1] if found else ""


def topic_of(name: str) -> Topic | None:
    """Find what a topic means; None where it means nothing that is ever told. Queries as its address has links."""
    path, _mark, query = name.removeprefix(BEGINS).partition("?")
    try:
        here = paths.meant(path)
        asked = parse_qsl(query, keep_blank_values=True)
        if {one for one, _value in asked} - _OPTIONS or here.ref or here.raw:
            return None
        read = options.read(here.asked.entity, asked)
    except Refusal:
        return None
    if here.asked.entity.name != "Observations" or here.single:
        return Topic(name, here, read)
    if here.asked.kept is not None:
        return Topic(name, here, read, stream=here.asked.kept.get("datastream", 0))
    return Topic(name, here, read, feature=here.parent_key or -1)


class Topics:
    """The topics that anybody has subscribed, kept in a file: a bridge that begins anew knows them still."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._writing = threading.Lock()
        self.root = f"{settings.PUBLIC_URL.rstrip('/')}{ROOT}"
        self.names: set[str] = set()
        self.readings: dict[tuple[int, int], list[Topic]] = {}
        self.entities: list[Topic] = []

    def begin(self) -> None:
        """Read the file. One that cannot be read is begun anew: what is subscribed again is learnt again."""
        if not self.file.exists():
            return
        try:
            names = _names.decode(self.file.read_bytes())
        except msgspec.DecodeError:
            log.exception("the topics that were subscribed are lost: %s cannot be read", self.file)
            return
        for name in names:
            self._add(name)

    def learn(self, name: str) -> None:
        """Note a topic that somebody has subscribed. Called by several threads: many subscribe at the same time."""
        with self._writing:
            if name not in self.names and len(self.names) < MOST and self._add(name):
                fresh = self.file.with_suffix(".new")
                fresh.write_bytes(msgspec.json.encode(sorted(self.names)))
                fresh.replace(self.file)

    def _add(self, name: str) -> bool:
        topic = topic_of(name)
        if topic is None:
            log.warning("a topic was subscribed below which nothing is told")
            return False
        self.names.add(name)
        if topic.here.asked.entity.name == "Observations" and not topic.here.single:
            self.readings.setdefault((topic.stream, topic.feature), []).append(topic)
        else:
            self.entities.append(topic)
        return True

    def of_readings(self, rows: Iterable[Row]) -> Iterator[Told]:
        """Say what is told of readings, in their order."""
        if not self.readings:
            return
        reader, entity = Reader(self.root), ENTITIES["Observations"]
        for row in rows:
            said = dict(zip(queries.NEWEST, row, strict=True))
            for key in {(0, 0), (row[0], 0), (0, row[5])}:
                for topic in self.readings.get(key, ()):
                    [told] = reader.told(entity, [said], topic.options)
                    yield topic.name, msgspec.json.encode(told)

    def of_entity(self, name: str, pk: int) -> Sequence[Told]:
        """Say what is told of an entity that was set up or changed. A query or two for each topic of its kind."""
        found = []
        for topic in self.entities:
            here = topic.here
            if here.asked.entity.name == name:
                one = Asked(here.asked.entity, here.asked.rows.filter(pk=pk))
                told = self._told(one, topic)
                if told is not None:
                    found.append((topic.name, msgspec.json.encode(told)))
        return found

    def _told(self, one: Asked, topic: Topic) -> Any:
        reader = Reader(self.root)
        if not topic.here.field:
            return reader.one(one, topic.options)
        said = reader.one(one, options.Options(select=[topic.here.field]))
        return said if said else None
