"""What no file of ours may hold, found by reading the sources."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Addresses of package registries and folders of somebody's machine: they are wrong everywhere else.
MACHINE = re.compile(
    rb"registry\.npmjs\.org|pypi\.org/simple|files\.pythonhosted\.org|npmmirror|tuna\.tsinghua|mirrors?\.aliyun"
    rb"|(?<![\w.])/(?:home|Users)/[a-z]\w*/|(?<![\w.])/(?:root|work)/|file:///"
)
CODE_FIELDS = re.compile(r"(^|_)(code|codes)(__|$)|^unit(_code)?__")
PREFIX_LOOKUPS = ("startswith", "istartswith")


def tracked() -> list[Path]:
    """Files that are, or are about to be, in the repository."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def trees(folder: str) -> Iterator[tuple[Path, ast.Module]]:
    """Python files below a folder, parsed."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path, ast.parse(path.read_text(), str(path))


def test_no_machine_paths_or_registry_hosts():
    me = Path(__file__)
    wrong = []
    for path in tracked():
        if path == me or path.stat().st_size > 5_000_000:
            continue
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if MACHINE.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}")
    assert wrong == []


def test_codes_are_never_looked_up_by_prefix():
    """On SQLite `startswith` becomes LIKE and scans; `under()` gives a half-open range on the B-tree."""
    wrong = []
    for path, tree in trees("cityloop"):
        for node in ast.walk(tree):
            for name in lookups(node):
                stem, _, kind = name.rpartition("__")
                if kind in PREFIX_LOOKUPS and CODE_FIELDS.search(stem):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}")
    assert wrong == []


def lookups(node: ast.AST) -> Iterator[str]:
    """Names of lookups in a call: keywords, and strings that a lookup may be built from."""
    if isinstance(node, ast.Call):
        yield from (k.arg for k in node.keywords if k.arg)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "__" in node.value and " " not in node.value:
        yield node.value


READERS = ("convert", "decode")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def test_shapes_are_made_ready_where_modules_are_loaded():
    """Two threads that read into a new shape at once end the process (see `ground/kit/shapes.py`)."""
    wrong = []
    for path, tree in trees("cityloop"):
        if path.name == "shapes.py":
            continue
        inside = {id(node) for made in ast.walk(tree) if isinstance(made, FUNCTIONS) for node in ast.walk(made)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and shapes_late(node, within=id(node) in inside):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def shapes_late(call: ast.Call, *, within: bool) -> bool:
    """Whether a call reads into a shape past the door, or makes one ready within a function."""
    said = ast.unparse(call.func)
    if said.startswith("msgspec.") and said.endswith(READERS):
        return said == "msgspec.convert" or any(word.arg == "type" for word in call.keywords)
    return within and (said == "ready" or (said.startswith("msgspec.") and said.endswith("Decoder")))


def test_ground_says_what_it_does():
    """Every public function and class of the ground has a docstring."""
    wrong = []
    for path, tree in trees("cityloop/ground"):
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert wrong == []


def test_rooms_use_the_same_file_names():
    """Rooms of town and loops hold no `utils`, no Django signals, no business in `views`."""
    wrong = [str(p.relative_to(ROOT)) for f in ("town", "loops") for p in (ROOT / "cityloop" / f).rglob("*.py")
             if p.stem in ("utils", "helpers", "common", "signals", "views", "managers", "services")]  # fmt: skip
    assert wrong == []


def test_migrations_are_committed_with_their_models():
    rooms = [p.parent for p in (ROOT / "cityloop").glob("*/*/models.py") if "models.Model" in p.read_text()]
    assert [str(r.relative_to(ROOT)) for r in rooms if not list(r.glob("migrations/0*.py"))] == []


TABLES = ("NOT_FOUND", "FORBIDDEN", "CONFLICT", "STATUS")


def texts(tree: ast.AST) -> Iterator[str]:
    yield from (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def test_every_refusal_that_has_a_status_of_its_own_is_raised_somewhere():
    every = Counter(text for _path, tree in trees("cityloop") for text in texts(tree))
    tables = [
        node.value
        for door in ("api/problems.py", "open311/errors.py", "sensorthings/errors.py")
        for node in ast.parse((ROOT / "cityloop" / "doors" / door).read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in TABLES
    ]
    listed = Counter(code for table in tables for code in texts(table))
    assert len(tables) == 6 and [code for code, times in listed.items() if every[code] <= times] == []
