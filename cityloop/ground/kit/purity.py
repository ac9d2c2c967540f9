"""`rules.py` of a plate: pure typed functions, each named in the manifest, read before it is ever run.

This holds authors to what a rule is; it is no sandbox, and a package from outside is trusted as any dependency is.
"""

import ast
from collections.abc import Callable, Iterator, Sequence, Set
from importlib.util import module_from_spec, spec_from_file_location
from typing import NamedTuple

from cityloop.ground.kit.plate import Plate, Problem
from cityloop.ground.kit.refusal import Refusal

FILE = "rules.py"


class Reading(NamedTuple):
    """A value that a sensor gave: the instant in microseconds, and the value."""

    at: int
    value: float


# What the functions of each kind take and give: an alarm takes the readings up to now, the latest last.
SHAPES: dict[str, tuple[tuple[str, ...], str]] = {
    "alarm": (("Sequence[Reading]",), "bool"),
}
# What may be taken from where; nothing that leads on to another module.
IMPORTS = {
    "collections.abc": {"Iterable", "Mapping", "Sequence"},
    "math": {"ceil", "exp", "floor", "fsum", "hypot", "isfinite", "log", "sqrt"},
    "cityloop.ground.kit.purity": {"Reading"},
}
FORBIDDEN = {
    "__import__", "breakpoint", "compile", "delattr", "eval", "exec", "getattr", "globals", "input", "locals", "open",
    "print", "setattr", "vars",
}  # fmt: skip


def check(plate: Plate) -> Iterator[Problem]:
    """Say what is not pure, not typed, not named or not there; nothing is executed."""
    path = plate.folder / FILE
    wanted = {function.name: function.kind for function in plate.manifest.rule_functions}
    if not path.is_file():
        if wanted:
            yield plate.problem("rules.file", "the manifest names functions, but there is no rules.py", "rules")
        return
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        yield Problem(FILE, getattr(error, "lineno", 0) or 0, "", str(error), "rules.syntax")
        return
    yield from _impure(tree)
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for number, function in enumerate(plate.manifest.rule_functions):
        if function.name not in defined:
            yield plate.problem("rules.function", f"rules.py has no function {function.name}", "rules", number, "name")
        elif function.name not in _used(plate):
            words = f"no alarm asks {function.name}"
            yield plate.problem("rules.unused", words, "rules", number, "name")
    for name, node in defined.items():
        if name in wanted:
            yield from _mistyped(node, wanted[name])
            continue
        yield from _untyped(node)
        if not name.startswith("_"):
            yield Problem(FILE, node.lineno, name, "name it in the manifest, or begin it with _", "rules.unnamed")


def _used(plate: Plate) -> set[str]:
    return {alarm.rule for measured in plate.manifest.observed for alarm in measured.alarms if alarm.rule}


def _impure(tree: ast.Module) -> Iterator[Problem]:
    known = set[str]()
    for node in tree.body:
        if reason := _misplaced(node, known):
            yield Problem(FILE, node.lineno, "", reason, "rules.impure")
            continue  # one word for one fault
        for inner in ast.walk(node):
            if reason := _reason(inner):
                yield Problem(FILE, getattr(inner, "lineno", 0), "", reason, "rules.impure")


def _misplaced(node: ast.stmt, known: set[str]) -> str:
    """Say why something cannot stand in the module itself; `known` gathers the names of its values.

    What is changeable and outlives a call is a memory: then a rule would say of the same readings now this, now that.
    """
    if isinstance(node, ast.Assign | ast.AnnAssign):
        names = node.targets if isinstance(node, ast.Assign) else [node.target]
        if not (all(map(_is_name, names)) and (node.value is None or _lasting(node.value, known))):
            return "a value here never changes: numbers, texts, tuples and frozensets of them"
        known.update(name.id for target in names for name in ast.walk(target) if isinstance(name, ast.Name))
    elif isinstance(node, ast.FunctionDef):
        if any(not _lasting(value, known) for value in (*node.args.defaults, *node.args.kw_defaults) if value):
            return "a default never changes: a number, a text, a tuple or frozenset of them"
    elif not isinstance(node, ast.ImportFrom | ast.Import) and not _is_docstring(node):
        return "only imports, constants and functions stand here"
    return ""


def _is_name(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) or (isinstance(target, ast.Tuple) and all(map(_is_name, target.elts)))


def _lasting(value: ast.expr, known: Set[str]) -> bool:
    """Tell whether a value is made of numbers and texts, and of earlier values, so that nothing can change it."""
    match value:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name in known
        case ast.UnaryOp(operand=inner):
            return _lasting(inner, known)
        case ast.BinOp(left=left, right=right):
            return _lasting(left, known) and _lasting(right, known)
        case ast.Tuple(elts=parts):
            return all(_lasting(part, known) for part in parts)
        case ast.Call(func=ast.Name(id="frozenset"), args=[ast.Set(elts=parts) | ast.Tuple(elts=parts)], keywords=[]):
            return all(_lasting(part, known) for part in parts)
    return False


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _reason(node: ast.AST) -> str:
    if isinstance(node, ast.Import):
        return "a rule imports by name: from math import sqrt"
    if isinstance(node, ast.ImportFrom):
        far = {alias.name for alias in node.names} - IMPORTS.get(node.module or "", set())
        return f"a rule takes no {', '.join(sorted(far))} of {node.module}" if far or node.level else ""
    if isinstance(node, ast.Name) and node.id in FORBIDDEN:
        return f"a pure function has no use for {node.id}"
    if isinstance(node, ast.Attribute) and node.attr.startswith("__"):
        return f"a pure function has no use for {node.attr}"
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        return "a pure function keeps nothing"  # a function and a shape can be written to, and last
    if isinstance(node, ast.Global | ast.Nonlocal | ast.Await | ast.Yield):
        return "a pure function keeps and waits for nothing"
    return ""


def _mistyped(node: ast.FunctionDef, kind: str) -> Iterator[Problem]:
    arguments, gives = SHAPES[kind]
    given = [*node.args.posonlyargs, *node.args.args]
    found, returns = tuple(map(_type, given)), ast.unparse(node.returns) if node.returns else ""
    more = _takes(node.args) != given or node.args.defaults or node.decorator_list
    if more or (found, returns) != (arguments, gives):
        words = f"a rule of kind {kind} takes and gives just this: ({', '.join(arguments)}) -> {gives}"
        yield Problem(FILE, node.lineno, node.name, words, "rules.type")


def _untyped(node: ast.FunctionDef) -> Iterator[Problem]:
    """Want what a rule is helped by as typed as itself; a decorator could remember."""
    if node.returns is None or node.decorator_list or not all(map(_type, _takes(node.args))):
        yield Problem(FILE, node.lineno, node.name, "type all that it takes and gives; no decorator", "rules.type")


def _takes(arguments: ast.arguments) -> list[ast.arg]:
    """Give all that a function takes, in whatever way."""
    rest = [one for one in (arguments.vararg, arguments.kwarg) if one]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def _type(argument: ast.arg) -> str:
    return ast.unparse(argument.annotation) if argument.annotation else ""


Rule = Callable[[Sequence[Reading]], bool]


def functions(plate: Plate) -> dict[str, Rule]:
    """Give the functions that a plate's manifest names. What is not pure, typed and there is refused, and never run."""
    wanted = [function.name for function in plate.manifest.rule_functions]
    if not wanted:
        return {}
    if found := [problem for problem in check(plate) if problem.code != "rules.unused"]:
        raise Refusal(
            "kit.rules", "{file}, line {line}: {words}", FILE, file=FILE, line=found[0].line, words=found[0].message
        )
    spec = spec_from_file_location(f"cityloop_plate_{plate.manifest.key}", plate.folder / FILE)
    if spec is None or spec.loader is None:
        raise Refusal("kit.rules", "{file} cannot be read.", FILE, file=FILE)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: getattr(module, name) for name in wanted}
