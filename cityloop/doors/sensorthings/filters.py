"""`$filter` and `$orderby`: parsed by `odata-query`, turned into conditions of the database.

The grammar is OData's; the functions are those of SensorThings, which are more, so the parser's own list is not asked.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import F, JSONField, Q, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Left, Length, Right, StrIndex
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser

from cityloop.doors.sensorthings import shapes
from cityloop.doors.sensorthings.entities import ENTITIES, Entity, selecting
from cityloop.doors.sensorthings.functions import (
    DAY,
    FUNCTIONS,
    MICRO,
    OPERATORS,
    SECOND,
    TEXTUAL,
    big,
    modulo,
    reckoned,
    text,
    whole,
)
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing.rules.times import instant

_LOOKUPS = {"Eq": "exact", "Lt": "lt", "LtE": "lte", "Gt": "gt", "GtE": "gte"}
_TURNED = {"Eq": "Eq", "NotEq": "NotEq", "Lt": "Gt", "LtE": "GtE", "Gt": "Lt", "GtE": "LtE"}
_EXPRESSIONS: dict[str, Any] = {
    "Eq": Exact, "Lt": LessThan, "LtE": LessThanOrEqual, "Gt": GreaterThan, "GtE": GreaterThanOrEqual
}  # fmt: skip
DEEPEST = 12
_QUOTED = re.compile(r"('(?:[^']|'')*')")
_KEY = re.compile(r"/(?=\w)(?!(?:any|all)\s*\()")  # a key of ours may begin as a word of the grammar does, or be 站号
_NO_KEYS = {*JSONField().get_lookups(), *KeyTransform("", "").get_lookups()}


class Term(NamedTuple):
    """A value: an expression of the database, a column (`path`), or what stands there in so many words (`literal`)."""

    kind: str  # text, number, instant, bool, json, shape, null, id
    expression: Any = None
    path: str = ""
    literal: Any = None
    entity: Entity | None = None
    measure: tuple[str, Any] | None = None  # a distance or length of shapes, told by name and the other shape


def parsed(words: str) -> Any:
    """Parse an expression; refuse what is none."""
    parts = enumerate(_QUOTED.split(words))
    plain = "".join(part if at % 2 else _KEY.sub("/_", part.replace("@iot.id", "id")) for at, part in parts)
    parser: Any = ODataParser()
    parser._function_call = lambda func, args: ast.Call(func, args)
    try:
        return parser.parse(_tokens(plain))
    except (exceptions.ODataException, RecursionError, ValueError, AttributeError, NotImplementedError) as error:
        raise Refusal(
            "sensing.filter.grammar", "This expression cannot be read; is a quote or a parenthesis missing?", "$filter"
        ) from error


def _tokens(plain: str) -> Iterator[Any]:
    """Give the tokens of an expression, the names after a slash without the sign that was put before them."""
    before = ""
    for token in ODataLexer().tokenize(plain):
        if before == "/" and token.type == "ODATA_IDENTIFIER":
            token.value = ast.Identifier(token.value.full_name().removeprefix("_"))
        before = token.type
        yield token


def condition(entity: Entity, words: str, now: int) -> "tuple[Q, bool]":
    """Give the condition that an expression says, and whether it goes over many."""
    reader = Reader(entity, now)
    try:
        return reader.condition(parsed(words)), reader.many
    except RecursionError as error:
        raise Refusal("sensing.filter.deep", "This expression is too deep.", "$filter") from error


def ordering(entity: Entity, words: str, now: int) -> Term:
    """Give what to order by: something that each has one of, or a row would come once for each of many."""
    reader = Reader(entity, now)
    try:
        found = reader.term(parsed(words))
    except RecursionError as error:
        raise Refusal("sensing.filter.deep", "This expression is too deep.", "$orderby") from error
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.message, "$orderby", **refusal.params) from refusal
    if found.measure is not None:
        raise Refusal("sensing.order.measure", "Nothing is ordered by a distance or a length; use them in $filter.",
                      "$orderby")  # fmt: skip
    if reader.many:
        raise Refusal("sensing.order.many", "Each may have many of {name}; order by what it has one of.", "$orderby",
                      name=words[:120])  # fmt: skip
    if found.path == "pk" and len(entity.key) > 1:
        return found._replace(path=entity.key[0])
    if not found.path and found.expression is None or found.kind in ("shape", "null"):
        raise _unfit("$orderby")
    return found


class Reader:
    """Turns the tree of an expression about an entity into a condition."""

    def __init__(self, entity: Entity, now: int) -> None:
        self.entity, self.now, self.many, self.depth = entity, now, False, 0

    def condition(self, node: Any) -> Q:
        """Give what is true or not."""
        if isinstance(node, ast.BoolOp):
            left, right = self.condition(node.left), self.condition(node.right)
            return left & right if isinstance(node.op, ast.And) else left | right
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self.condition(node.operand)
        if isinstance(node, ast.Compare):
            return self._compared(type(node.comparator).__name__, node.left, node.right)
        if isinstance(node, ast.Call):
            return self._true(node)
        if isinstance(node, ast.Boolean):
            return Q() if node.py_val else Q(pk__in=[])
        raise _unfit("$filter")

    # --- comparing

    def _compared(self, sign: str, left: Any, right: Any) -> Q:
        if isinstance(right, ast.Boolean) and isinstance(left, ast.Call) and left.func.full_name() not in FUNCTIONS:
            said = self.condition(left)
            return said if right.py_val == (sign == "Eq") else ~said
        if sign not in _TURNED:
            raise _unfit("$filter")
        one, other = self.term(left), self.term(right)
        if one.literal is not None or one.kind == "null":
            sign, one, other = _TURNED[sign], other, one
        if sign == "NotEq":
            return ~self._held("Eq", one, other)
        return self._held(sign, one, other)

    def _held(self, sign: str, one: Term, other: Term) -> Q:
        if one.measure is not None:
            return self._measured(sign, one, other)
        if other.kind == "null":
            if sign != "Eq" or not one.path:
                raise _unfit("$filter")
            return Q(**{f"{one.path}__isnull": True})
        if one.kind == "id":
            return self._identified(sign, one, other)
        if one.path.endswith("result") and other.literal is not None and other.kind in ("text", "bool"):
            return Q(**{f"{one.path.removesuffix('result')}more__value": other.literal}) if sign == "Eq" else _no()
        if other.literal is not None and one.kind != other.kind and "json" not in (one.kind, other.kind):
            raise Refusal("sensing.filter.kind", "A {one} is not compared with a {other}.", "$filter",
                          one=one.kind, other=other.kind)  # fmt: skip
        if one.path and other.literal is not None:
            return Q(**{f"{one.path}__{_LOOKUPS[sign]}": other.literal})
        return Q(_EXPRESSIONS[sign](_spoken(one), _spoken(other)))

    def _identified(self, sign: str, one: Term, other: Term) -> Q:
        entity = one.entity or self.entity
        prefix = one.path.removesuffix("pk")
        if len(entity.key) == 1 and other.kind == "number":
            return Q(**{f"{prefix}pk__{_LOOKUPS[sign]}": other.literal})
        found = selecting(entity, str(other.literal)) if other.literal is not None and sign == "Eq" else None
        return Q(**{f"{prefix}{name}": value for name, value in found.items()}) if found else Q(pk__in=[])

    def _measured(self, sign: str, one: Term, other: Term) -> Q:
        if other.kind != "number" or one.entity is None or one.measure is None or other.literal is None:
            raise _unfit("$filter")
        return Q(**{f"{one.path}__in": shapes.measured(one.entity.name, *one.measure, sign, float(other.literal))})

    # --- what is true by itself

    def _true(self, node: Any) -> Q:
        name, args = node.func.full_name(), node.args
        if name in ("substringof", "contains", "startswith", "endswith") and len(args) == 2:
            one, other = (self._text(arg) for arg in args)
            if name == "substringof":
                one, other = other, one
            if name in ("contains", "substringof"):
                return Q(GreaterThan(StrIndex(one, other), Value(0)))
            length = Value(len(other.value)) if isinstance(other, Value) else Length(other)
            if isinstance(other, Value) and not other.value:
                return Q()
            return Q(Exact((Left if name == "startswith" else Right)(one, length), other))
        if name in shapes.RELATIONS and len(args) == 2 or name == "st_relate" and len(args) == 3:
            return self._related(name, args)
        raise Refusal("sensing.filter.function", "There is no condition {name}.", "$filter", name=name[:60])

    def _text(self, node: Any) -> Any:
        found = self.term(node)
        if found.kind != "text" and not isinstance(found.expression, KeyTransform):
            raise Refusal("sensing.filter.text", "This asks for a text.", "$filter")
        return _textual(found)

    def _related(self, name: str, args: list[Any]) -> Q:
        one, other = self.term(args[0]), self.term(args[1])
        column, shape, turned = (one, other, False) if one.path else (other, one, True)
        if column.entity is None or shape.literal is None or column.kind != "shape" or shape.kind != "shape":
            raise Refusal("sensing.filter.shape", "Give a location or feature, and a geography'…'.", "$filter")
        if turned:
            name = {"st_within": "st_contains", "st_contains": "st_within"}.get(name, name)
        pattern = str(self.term(args[2]).literal) if name == "st_relate" else ""
        if name == "st_relate" and not re.fullmatch(r"[TF012*]{9}", pattern):
            raise Refusal("sensing.filter.pattern", "A pattern has nine of T, F, 0, 1, 2 and *.", "$filter")
        return Q(**{f"{column.path}__in": shapes.related(column.entity.name, name, shape.literal, pattern)})

    # --- values

    def term(self, node: Any) -> Term:
        """Give what has a value."""
        if isinstance(node, ast.Identifier | ast.Attribute):
            return self._column(_names(node))
        if isinstance(node, ast.Call | ast.BinOp | ast.UnaryOp):
            return self._within(node)
        return _literal(node)

    def _within(self, node: Any) -> Term:
        """Give the value of what has values within; not for ever, for SQLite reads a hundred levels of SQL at most."""
        if self.depth >= DEEPEST:
            raise Refusal("sensing.filter.deep", "This expression is too deep.", "$filter")
        self.depth += 1
        try:
            return self._made(node)
        finally:
            self.depth -= 1

    def _made(self, node: Any) -> Term:
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.BinOp):
            return self._reckoned(node)
        if not isinstance(node.op, ast.USub):
            return _literal(node)
        one = self.term(node.operand)
        if one.kind != "number":
            raise _unfit("$filter")
        return Term("number", reckoned(Value(0), "-", _spoken(one)))

    def _column(self, names: list[str]) -> Term:
        entity, path = self.entity, list[str]()
        for at, name in enumerate(names):
            if name in ("id", "iot.id"):
                return Term("id", path="__".join([*path, "pk"]), entity=entity)
            if name in entity.links:
                link = entity.links[name]
                self.many |= link.many
                entity = ENTITIES[link.to]
                path.append(link.path)
                continue
            field = entity.fields.get(name)
            if field is None:
                break
            rest = names[at + 1 :]
            if field.kind == "shape":
                return Term("shape", path="__".join([*path, "pk"]), entity=entity)
            if rest and field.kind != "json":
                break
            return _keyed(field.kind, "__".join([*path, field.path]), rest)
        raise Refusal("sensing.filter.unknown", "{set} has no {name}.", "$filter", set=self.entity.name,
                      name="/".join(names)[:120])  # fmt: skip

    def _called(self, node: Any) -> Term:
        name, args = node.func.full_name(), node.args
        if name == "now" and not args:
            return Term("instant", big(self.now), literal=self.now)
        if name == "geo.distance" and len(args) == 2 or name == "geo.length" and len(args) == 1:
            return self._measure(name, args)
        if name not in FUNCTIONS or len(args) not in FUNCTIONS[name][0]:
            raise Refusal("sensing.filter.function", "There is no function {name} of so many arguments.", "$filter",
                          name=name[:60])  # fmt: skip
        _number, kind, make = FUNCTIONS[name]
        say = _textual if name in TEXTUAL else _spoken
        return Term(kind, make(*(say(self.term(arg)) for arg in args)))

    def _measure(self, name: str, args: list[Any]) -> Term:
        terms = [self.term(arg) for arg in args]
        column = next((one for one in terms if one.path), None)
        shape = next((one.literal for one in terms if one.literal is not None), None)
        if column is None or column.kind != "shape" or (shape is None and name == "geo.distance"):
            raise Refusal("sensing.filter.shape", "Give a location or feature, and a geography'…'.", "$filter")
        return Term("number", path=column.path, entity=column.entity, measure=(name, shape))

    def _reckoned(self, node: Any) -> Term:
        left, right = self.term(node.left), self.term(node.right)
        one, other, name = _spoken(left), _spoken(right), type(node.op).__name__
        if "instant" in (left.kind, right.kind):
            if name not in ("Add", "Sub"):
                raise _unfit("$filter")
            both = left.kind == right.kind
            return Term("number" if both else "instant", whole(one, OPERATORS[name], other))
        if {left.kind, right.kind} != {"number"}:
            raise _unfit("$filter")
        if name == "Mod":
            return Term("number", modulo(one, other))
        if name == "Div" and right.literal == 0:
            raise Refusal("sensing.filter.zero", "Nothing is divided by zero.", "$filter")
        return Term("number", reckoned(one, OPERATORS[name], other))


def _names(node: Any) -> list[str]:
    if isinstance(node, ast.Attribute):
        return [*_names(node.owner), str(node.attr)]
    if isinstance(node, ast.Identifier):
        return [node.full_name()]
    raise _unfit("$filter")


def _keyed(kind: str, path: str, keys: list[str]) -> Term:
    for key in keys:
        if "__" in key or key in _NO_KEYS:
            raise Refusal("sensing.filter.key", "The key {key} cannot be asked for.", "$filter", key=key[:60])
    if not keys:
        return Term(kind, F(path), path=path)
    expression: Any = path
    for key in keys:
        expression = KeyTransform(key, expression)
    return Term("json", expression, path="__".join([path, *keys]))


def _literal(node: Any) -> Term:
    try:
        if isinstance(node, ast.Null):
            return Term("null")
        if isinstance(node, ast.Integer | ast.Float):
            return Term("number", literal=_number(node.py_val))
        if isinstance(node, ast.String):
            return Term("text", literal=node.py_val)
        if isinstance(node, ast.Boolean):
            return Term("bool", literal=node.py_val)
        if isinstance(node, ast.DateTime):
            return Term("instant", literal=instant(node.val.upper(), "$filter"))
        if isinstance(node, ast.Date):
            return Term("instant", literal=instant(f"{node.val}T00:00:00Z", "$filter") // DAY * DAY)
        if isinstance(node, ast.Time):
            clock = node.py_val
            seconds = clock.hour * 3600 + clock.minute * 60 + clock.second
            return Term("instant", literal=seconds * SECOND + clock.microsecond)
        if isinstance(node, ast.Duration):
            return Term("number", literal=round(node.py_val.total_seconds() * MICRO))
        if isinstance(node, ast.Geography):
            return Term("shape", literal=shapes.read(node.val))
    except (ValueError, OverflowError):
        pass
    raise _unfit("$filter")


def _number(value: float) -> float:
    if abs(value) >= 2**63:
        raise OverflowError
    return value


def _spoken(term: Term) -> Any:
    """Say a value to the database."""
    if term.measure is not None or term.kind in ("null", "shape", "id"):
        raise _unfit("$filter")
    if term.literal is None:
        return term.expression
    if term.kind == "text":
        return text(term.literal)
    return big(term.literal) if type(term.literal) is int else Value(term.literal)


def _textual(term: Term) -> Any:
    """Say a value to the database; what stands below a key of JSON as a text."""
    if isinstance(term.expression, KeyTransform):
        return KeyTextTransform(term.expression.key_name, *term.expression.source_expressions)
    return _spoken(term)


def _no() -> Q:
    return Q(pk__in=[])


def _unfit(field: str) -> Refusal:
    return Refusal("sensing.filter.unfit", "This cannot be asked in this way.", field)
