"""Which instruments stand in Tinglan, where, and what each says: about fifty, most of them bound to rules of plates."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import shapely

from cityloop.demo.tinglan import curves, names
from cityloop.demo.tinglan.curves import DAY, Curve
from cityloop.demo.tinglan.ground import BANK, ground, node, roads

INVENTED = "虚构的设备，读数由演示生成。Invented; the demo makes its readings up."
MOVED = (
    "虚构的站点，读数为北京 {station} 站 2016 年 12 月实测（UCI 501，CC BY 4.0），时间与地点已移动。"
    "Invented station; measured in Beijing ({station}, December 2016; UCI 501, CC BY 4.0), moved in time and place."
)
SMALL = "虚构的微型站，读数由六个站点的中位数生成。Invented; its readings are made up from the middle of six stations."


class Measure(NamedTuple):
    """What is measured: what of a plate it is, "" where no plate knows it; its unit, and what is possible at all."""

    key: str
    name: str
    observed: str
    unit: str
    least: float | None
    most: float | None
    kind: str = "Measurement"


class Stream(NamedTuple):
    """A datastream: what it measures, its curve, and every how many minutes it speaks: on the day, and before it.

    `extra` are minutes of the day at which it speaks besides; `since` the first at which it speaks at all. Where there
    is a `path`, the curve says how far along it the thing is.
    """

    measure: Measure
    curve: Curve
    every: int
    before: int
    extra: tuple[int, ...] = ()
    since: int = -curves.FORTNIGHT
    path: shapely.LineString | None = None


class Instrument(NamedTuple):
    """A thing with all that hangs on it."""

    key: str
    name: str
    about: str
    lon: float
    lat: float
    streams: tuple[Stream, ...]


_ENV, _TOWN, _ROAD, _HOME = "environmental_protection", "municipal", "transportation", "community"
PM25 = Measure("pm25", "PM2.5", f"{_ENV}/pm25", "ug/m3", 0, 1500)
OZONE = Measure("ozone", "臭氧", f"{_ENV}/ozone", "ug/m3", 0, 1500)
NOISE = Measure("noise", "厂界噪声", f"{_ENV}/night_noise", "dB[SPL]", 10, 150)
WATER = Measure("water", "积水深度", f"{_TOWN}/water_depth", "cm", 0, 500)
TILT = Measure("tilt", "井盖倾角", f"{_TOWN}/cover_tilt", "deg", 0, 180)
BIN = Measure("bin", "垃圾箱满溢度", f"{_TOWN}/bin_fill", "%", 0, 100)
SPEED = Measure("speed", "路口车速", f"{_ROAD}/road_speed", "km/h", 0, 200)
TRAFFIC = Measure("traffic", "小时流量", "", "1", 0, 20_000, "CountObservation")
CROWD = Measure("crowd", "站台密度", f"{_ROAD}/platform_density", "{persons}/m2", 0, 12)
SMOKE = Measure("smoke", "车棚烟感", f"{_HOME}/community.shed_smoke", "1", 0, 1)
HYDRANT = Measure("hydrant", "消火栓压力", f"{_HOME}/community.hydrant_pressure", "MPa", 0, 3)
PLACE = Measure("place", "车辆位置", "", "", None, None, "Observation")


@lru_cache(maxsize=1)
def instruments() -> tuple[Instrument, ...]:
    """Give all of them, in their order."""
    makers = (_air, _noise, _water, _covers, _bins, _junctions, _platforms, _sheds, _hydrants, _buses)
    return tuple(one for make in makers for one in make())


def _one(kind: str, number: int, title: str, at: tuple[float, float], *streams: Stream, about: str = "") -> Instrument:
    lon, lat = node(*at)
    called = f"{names.FIRST[(number * 5 + len(kind)) % len(names.FIRST)][0]}{title}"
    return Instrument(f"{kind}-{number}", called, about or INVENTED, lon, lat, streams)


def _air() -> Iterator[Instrument]:
    stations = ("Aotizhongxin", "Guanyuan", "Dongsi", "Tiantan", "Changping", "Huairou")
    places = ((12.5, 15.5), (17.5, 13.5), (21.5, 16.5), (10.5, 6.5), (22.5, 5.5), (26.5, 12.5))
    for number, (station, place) in enumerate(zip(stations, places, strict=True)):
        quiet = (8 * 60 + 30, 15 * 60 + 30) if station == "Huairou" else (0, 0)  # it falls silent in the morning
        streams = [
            Stream(measure, curves.silent(curves.air(station, column), *quiet), 60, 60)
            for measure, column in ((PM25, "PM2.5"), (OZONE, "O3"))
        ]
        yield _one("air", number, "空气站", place, *streams, about=MOVED.format(station=station))
    small = (
        curves.small_station(11, share=0.96),
        curves.small_station(12, a_day=2.4),  # it drifts
        curves.small_station(13, jump=26.0, on=-5),  # somebody changed its filter five days ago
    )
    for number, (curve, place) in enumerate(zip(small, ((15.5, 9.2), (19.5, 10.8), (14.5, 18.5)), strict=True)):
        yield _one("dust", number, "微型空气站", place, Stream(PM25, curve, 60, 60), about=SMALL)


def _noise() -> Iterator[Instrument]:
    places = ((7.5, 9.5), (24.5, 8.5), (27.5, 10.5), (9.5, 13.5))
    for number, place in enumerate(places):
        curve = curves.hum(20 + number, night=number == 1, stuck=-240 if number == 3 else None)
        yield _one("noise", number, "厂界噪声点", place, Stream(NOISE, curve, 60, 60))


def _water() -> Iterator[Instrument]:
    for number, i in enumerate((8.5, 12.6, 16.6, 20.6, 24.6)):
        curve = curves.water(30 + number, low=number == 2)
        title = "下穿通道积水点" if number == 2 else "沿河积水点"
        yield _one("water", number, title, (i, BANK + 0.8), Stream(WATER, curve, 5, 20))


def _covers() -> Iterator[Instrument]:
    for number, place in enumerate(((13.5, 12.5), (18.5, 7.5), (21.5, 12.5))):
        curve = curves.tilt(40 + number, open_=(612, 735) if number == 0 else None)
        yield _one("cover", number, "智能井盖", place, Stream(TILT, curve, 10, 60))


def _bins() -> Iterator[Instrument]:
    for number, place in enumerate(((11.5, 11.5), (16.5, 14.5), (20.5, 8.5), (23.5, 14.5))):
        curve = curves.bin_(50 + number, emptied=300 + 30 * number, late=440 if number == 0 else 0)
        yield _one("bin", number, "垃圾分类点", place, Stream(BIN, curve, 60, 60))


def _junctions() -> Iterator[Instrument]:
    for number, place in enumerate(((12, 12), (16, 12), (20, 12), (16, 6), (20, 6))):
        jam = (625, 690) if number == 1 else None
        speed = Stream(SPEED, curves.speed(60 + number, jam=jam), 5, 30)
        yield _one("junction", number, "路口", place, speed, Stream(TRAFFIC, curves.traffic(70 + number), 60, 60))


def _platforms() -> Iterator[Instrument]:
    for number, place in enumerate(((14.2, 12.4), (18.2, 5.6))):
        stream = Stream(CROWD, curves.crowd(80 + number, full=number == 0), 2, 20)
        yield _one("platform", number, "地铁站台", place, stream)


def _sheds() -> Iterator[Instrument]:
    for number, place in enumerate(((17.5, 16.5), (11.5, 8.5), (22.5, 9.5))):
        seen = (663, 681) if number == 1 else None
        stream = Stream(SMOKE, curves.smoke(90, seen=seen), 10, 60, extra=tuple(range(663, 690)) if seen else ())
        yield _one("shed", number, "电动车充电棚", place, stream)


def _hydrants() -> Iterator[Instrument]:
    for number, place in enumerate(((15.5, 7.5), (19.5, 14.5), (25.5, 6.5))):
        low = (500, 690) if number == 1 else None
        yield _one(
            "hydrant", number, "小区消火栓", place, Stream(HYDRANT, curves.pressure(95 + number, low=low), 5, 60)
        )


def _buses() -> Iterator[Instrument]:
    """Give the buses: each goes up and down a greater street from six in the morning on."""
    streets = [one["geometry"] for one in roads(ground()) if one["properties"]["class"] == "primary"]
    for number, street in enumerate(streets[:5]):
        path = max(shapely.get_parts(shapely.geometry.shape(street)), key=lambda part: part.length)
        turn = 54 + 7 * number  # minutes there and back
        curve: Curve = lambda minutes, turn=turn: 0.98 - 0.96 * abs((minutes % turn) / turn * 2 - 1)  # type: ignore[misc]  # noqa: E731
        start = path.interpolate(0)
        stream = Stream(PLACE, curve, 2, 10, since=6 * 60, path=path)
        yield Instrument(f"bus-{number}", f"公交 {101 + number} 路", INVENTED, start.x, start.y, (stream,))


def minutes_of(stream: Stream, after: int, until: int, opening: int) -> list[int]:
    """Give the minutes after one and up to another at which a stream speaks: less often before the opening."""
    found = set(range(-(-(after + 1) // stream.before) * stream.before, min(until, opening) + 1, stream.before))
    first = max(after, opening) + 1
    found |= set(range(-(-first // stream.every) * stream.every, until + 1, stream.every))
    found |= {minute for minute in stream.extra if after < minute <= until}
    return sorted(minute for minute in found if minute >= stream.since and minute < 2 * DAY)
