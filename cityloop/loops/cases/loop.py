"""Which loop definition a case follows."""

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.definition import Definition, compile_definition, definition_file, shipped
from cityloop.loops.cases.models import LoopText
from cityloop.town.units.queries import city

LOOP = "case"
_pinned: dict[str, Definition] = {}


def present() -> Definition:
    """Give the definition new cases are begun under: the shipped one in the city's profile."""
    return shipped(LOOP, city().loop_profile or "full")


def keep_present() -> Definition:
    """Give the present definition, kept in the database at its first use so that cases may pin it."""
    definition = present()
    if definition.digest not in _pinned:
        text = definition_file(LOOP).read_text()
        LoopText.objects.get_or_create(
            digest=definition.digest, defaults={"profile": definition.profile_name, "text": text}
        )
        _pinned[definition.digest] = definition
    return definition


def pinned(digest: str) -> Definition:
    """Give the definition a case pins; no query once it is known to the process."""
    definition = _pinned.get(digest)
    if definition is None:
        definition = _pinned[digest] = _load(digest)
    return definition


def _load(digest: str) -> Definition:
    now = present()
    if now.digest == digest:
        return now
    row = LoopText.objects.filter(digest=digest).first()
    if row is None:
        raise Refusal("cases.definition.unknown", "The loop definition of this case is not known here.")
    return compile_definition(row.text, row.profile)


def altered() -> list[str]:
    """Name the kept definitions whose text does not give their digest. One query."""
    return [row.digest for row in LoopText.objects.order_by("digest") if not _is_itself(row)]


def _is_itself(row: LoopText) -> bool:
    try:
        return compile_definition(row.text, row.profile).digest == row.digest
    except Refusal:
        return False


def step_names() -> frozenset[str]:
    """Give the names of all steps that cases take here, of those too that the city's profile leaves out."""
    now = present()
    return frozenset(name for _, name in now.table) | frozenset(now.source.actions)


def forget() -> None:
    """Forget which definitions are kept: between tests."""
    _pinned.clear()
