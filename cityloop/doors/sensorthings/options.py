"""Query options: $filter, $orderby, $top, $skip, $count, $select, $expand; in the address, and nested in `$expand`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cityloop.doors.sensorthings.entities import ENTITIES, Entity
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural

PAGE, NESTED, MOST = 100, 25, 10_000
DEEPEST, LONGEST = 6, 8_000
NAMES = ("$filter", "$orderby", "$top", "$skip", "$count", "$select", "$expand", "$skiptoken", "$resultFormat")


@dataclass
class Options:
    """What was asked of an entity set; `raw` is how it was written."""

    filter: str = ""
    orderby: list[tuple[str, bool]] = field(default_factory=list)  # what by, and whether downwards
    top: int | None = None
    skip: int = 0
    count: bool = False
    select: list[str] = field(default_factory=list)
    expand: "dict[str, Options]" = field(default_factory=dict)
    token: str = ""
    format: str = ""
    raw: list[tuple[str, str]] = field(default_factory=list)


def read(entity: Entity, given: Iterable[tuple[str, str]], depth: int = 0) -> Options:
    """Read the options of an entity set; refuse what there is not."""
    found = Options()
    for name, value in given:
        if len(value) > LONGEST:
            raise Refusal("sensing.option.long", "This is longer than can be read.", name)
        reader = _READERS.get(name)
        if reader is None:
            raise Refusal(
                "sensing.option.unknown", "There is no option {name}; there are {known}.", name[:40],
                name=name[:40], known=", ".join(NAMES),
            )  # fmt: skip
        reader(found, value.strip(), entity, depth)
        if name not in ("$skiptoken", "$skip"):
            found.raw.append((name, value))
    return found


def _number(name: str, value: str, most: int) -> int:
    number = natural(value)
    if number is None:
        raise Refusal("sensing.option.number", "Give a whole number.", name)
    return min(number, most)


def _top(found: Options, value: str, entity: Entity, depth: int) -> None:
    found.top = _number("$top", value, MOST)


def _skip(found: Options, value: str, entity: Entity, depth: int) -> None:
    found.skip = _number("$skip", value, 2**40)


def _count(found: Options, value: str, entity: Entity, depth: int) -> None:
    if value not in ("true", "false"):
        raise Refusal("sensing.option.bool", "Give true or false.", "$count")
    found.count = value == "true"


def _filter(found: Options, value: str, entity: Entity, depth: int) -> None:
    found.filter = value


def _orderby(found: Options, value: str, entity: Entity, depth: int) -> None:
    for part in split(value, ","):
        what, _space, way = part.rpartition(" ")
        if way.lower() in ("asc", "desc") and what:
            found.orderby.append((what.strip(), way.lower() == "desc"))
        else:
            found.orderby.append((part, False))


def _select(found: Options, value: str, entity: Entity, depth: int) -> None:
    known = {"id", "@iot.id", "@iot.selfLink", *entity.fields, *entity.links}
    for name in split(value, ","):
        if name not in known:
            raise Refusal("sensing.option.select", "{set} has no {name}.", "$select", set=entity.name, name=name[:60])
        found.select.append(name)


def _expand(found: Options, value: str, entity: Entity, depth: int) -> None:
    if depth >= DEEPEST:
        raise Refusal("sensing.option.deep", "This expands deeper than can be answered.", "$expand")
    for part in split(value, ","):
        path, paren, inner = part.partition("(")
        if paren and not inner.endswith(")"):
            raise _unclosed("$expand")
        nested = [(n.strip(), v) for n, _equals, v in (one.partition("=") for one in split(inner[:-1], ";"))]
        name, slash, rest = path.strip().partition("/")
        link = entity.links.get(name)
        if link is None:
            raise Refusal("sensing.option.expand", "{set} has no {name}.", "$expand", set=entity.name, name=name[:60])
        if slash:
            nested = [("$expand", f"{rest}({inner}" if paren else rest)]
        read_in = read(ENTITIES[link.to], nested, depth + 1)
        before = found.expand.get(name)
        if before is not None:
            before.expand |= read_in.expand
        else:
            found.expand[name] = read_in


def _token(found: Options, value: str, entity: Entity, depth: int) -> None:
    found.token = value


def _format(found: Options, value: str, entity: Entity, depth: int) -> None:
    if value != "dataArray" or entity.name != "Observations":
        raise Refusal("sensing.option.format", "Observations alone have another form: dataArray.", "$resultFormat")
    found.format = value


_READERS: dict[str, Any] = dict(
    zip(NAMES, (_filter, _orderby, _top, _skip, _count, _select, _expand, _token, _format), strict=True)
)


def split(text: str, sign: str) -> list[str]:
    """Split at a sign, but not within quotes or parentheses."""
    return [part.strip() for part in _parts(text, sign) if part.strip()]


def _parts(text: str, sign: str) -> Iterator[str]:
    start, depth, quoted = 0, 0, False
    for at, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == sign and not depth:
            yield text[start:at]
            start = at + 1
    if depth or quoted:
        raise _unclosed("$expand" if depth else "$filter")
    yield text[start:]


def _unclosed(name: str) -> Refusal:
    return Refusal("sensing.option.unclosed", "A parenthesis or a quote is not closed.", name)
