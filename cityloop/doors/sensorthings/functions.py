"""The functions of `$filter`, as the databases say them."""

from collections.abc import Callable
from typing import Any

from django.db.models import BigIntegerField, FloatField, Func, IntegerField, TextField, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import (
    Cast,
    Ceil,
    Concat,
    Floor,
    Length,
    Lower,
    Mod,
    Round,
    StrIndex,
    Substr,
    Trim,
    Upper,
)

from cityloop.loops.sensing.rules.times import EARLIEST, LATEST

DAY, SECOND, MICRO = 86_400_000_000, 1_000_000, 1_000_000


class Part(Func):
    """A part of an instant, in UTC: its year, its month, its day."""

    output_field = IntegerField()
    SQLITE = {"year": "%%Y", "month": "%%m", "day": "%%d"}

    def __init__(self, instant: Any, part: str) -> None:
        super().__init__(instant, part=part)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Say it as SQLite does."""
        sign = self.SQLITE[self.extra["part"]]
        template = f"CAST(strftime('{sign}', (%(expressions)s) / 1000000, 'unixepoch') AS INTEGER)"
        return super().as_sql(compiler, connection, template=template.replace("%%", "%%%%"))

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Say it as PostgreSQL does."""
        template = (
            "EXTRACT(%(part)s FROM to_timestamp(((%(expressions)s) / 1000000)::double precision) AT TIME ZONE 'UTC')"
        )
        return super().as_sql(compiler, connection, template=template)


def whole(left: Any, sign: str, right: Any) -> CombinedExpression:
    """Reckon with whole numbers, instants among them."""
    return CombinedExpression(left, sign, right, output_field=BigIntegerField())


def reckoned(left: Any, sign: str, right: Any) -> CombinedExpression:
    """Reckon with numbers."""
    return CombinedExpression(left, sign, right, output_field=FloatField())


def big(number: int) -> Value:
    """Give a whole number of 64 bits."""
    return Value(number, output_field=BigIntegerField())


def _of_day(instant: Any) -> Any:
    return whole(instant, "%%", big(DAY))


def _clock(unit: int, most: int) -> Callable[[Any], Any]:
    return lambda instant: whole(whole(instant, "/", big(unit)), "%%", big(most))


def _fraction(instant: Any) -> Any:
    return reckoned(whole(instant, "%%", big(SECOND)), "/", Value(1e6, output_field=FloatField()))


def _index(text: Any, needle: Any) -> Any:
    return whole(StrIndex(text, needle), "-", big(1))


def _joined(one: Any, other: Any) -> Any:
    return Concat(one, other, output_field=TextField())


def _substring(text: Any, start: Any, *length: Any) -> Any:
    whole_numbers = [Cast(one, IntegerField()) for one in (whole(start, "+", big(1)), *length)]
    return Substr(text, *whole_numbers)


# name → (how many arguments, kind of the answer, what makes it)
FUNCTIONS: dict[str, tuple[tuple[int, ...], str, Callable[..., Any]]] = {
    "length": ((1,), "number", Length), "indexof": ((2,), "number", _index),
    "substring": ((2, 3), "text", _substring), "concat": ((2,), "text", _joined),
    "tolower": ((1,), "text", Lower), "toupper": ((1,), "text", Upper), "trim": ((1,), "text", Trim),
    "year": ((1,), "number", lambda at: Part(at, "year")), "month": ((1,), "number", lambda at: Part(at, "month")),
    "day": ((1,), "number", lambda at: Part(at, "day")),
    "hour": ((1,), "number", _clock(3600 * SECOND, 24)), "minute": ((1,), "number", _clock(60 * SECOND, 60)),
    "second": ((1,), "number", _clock(SECOND, 60)), "fractionalseconds": ((1,), "number", _fraction),
    "date": ((1,), "instant", lambda at: whole(at, "-", _of_day(at))), "time": ((1,), "instant", _of_day),
    "totaloffsetminutes": ((1,), "number", lambda at: Value(0)),
    "mindatetime": ((0,), "instant", lambda: big(EARLIEST)), "maxdatetime": ((0,), "instant", lambda: big(LATEST)),
    "round": ((1,), "number", lambda x: Round(x, output_field=FloatField())),
    "floor": ((1,), "number", lambda x: Floor(x, output_field=FloatField())),
    "ceiling": ((1,), "number", lambda x: Ceil(x, output_field=FloatField())),
}  # fmt: skip
TEXTUAL = ("length", "indexof", "substring", "concat", "tolower", "toupper", "trim")
OPERATORS = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/"}


def modulo(left: Any, right: Any) -> Any:
    """Give what is left of a division."""
    return Mod(left, right, output_field=FloatField())


def text(value: str) -> Value:
    """Give a text."""
    return Value(value, output_field=TextField())
