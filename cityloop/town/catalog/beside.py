"""What plates that are on beside each other may not share; pure, for publishing and for a look before anything is."""

from collections.abc import Iterable, Iterator, Sequence

from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.components.rules.kinds import in_two_plates


def clashes(plates: Sequence[Manifest]) -> Iterator[Refusal]:
    """Give each clash as the refusal it leads to."""
    yield from _matters(plates)
    yield from _types(plates)
    yield from _numbers(plates)


def _matters(plates: Sequence[Manifest]) -> Iterator[Refusal]:
    for code, one, other in _twice((matter.code, plate.key) for plate in plates for matter in plate.matters):
        yield Refusal(
            "catalog.matter.twice",
            "Matter {matter} stands in the plates {one} and {other}; keep one.",
            "matters",
            matter=code,
            one=one,
            other=other,
        )


def _types(plates: Sequence[Manifest]) -> Iterator[Refusal]:
    for code, one, other in _twice((kind.code, plate.key) for plate in plates for kind in plate.components):
        yield in_two_plates(code, one, other)


def _twice(owned: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Give each code that two plates have, with the first of them and the other, of pairs of code and plate."""
    owners: dict[str, str] = {}
    for code, plate in owned:
        first = owners.setdefault(code, plate)
        if first != plate:
            yield code, first, plate


def _numbers(plates: Sequence[Manifest]) -> Iterator[Refusal]:
    """Find two types of the same numbers: the identity codes of their components would run into each other."""
    numbered: dict[tuple[int, int], str] = {}
    for one in [component for plate in plates for component in plate.components]:
        other = numbered.setdefault((int(one.class_), int(one.subclass)), one.code)
        if other != one.code:
            yield Refusal(
                "catalog.component.twice",
                "Components {one} and {other} have class {main} and subclass {sub} both; codes are made of them.",
                "components",
                one=other,
                other=one.code,
                main=one.class_,
                sub=one.subclass,
            )
