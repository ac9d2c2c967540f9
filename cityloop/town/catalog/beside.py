"""What plates that are on beside each other may not share; pure, for publishing and for a look before anything is."""

from collections.abc import Iterator, Sequence

from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.components.rules.kinds import in_two_plates


def clashes(plates: Sequence[Manifest]) -> Iterator[Refusal]:
    """Give each clash as the refusal it leads to."""
    yield from _matters(plates)
    yield from _types(plates)
    yield from _numbers(plates)


def _matters(plates: Sequence[Manifest]) -> Iterator[Refusal]:
    owners: dict[str, str] = {}
    for plate in plates:
        for matter in plate.matters:
            other = owners.setdefault(matter.code, plate.key)
            if other != plate.key:
                yield Refusal(
                    "catalog.matter.twice",
                    "Matter {matter} stands in the plates {one} and {other}; keep one.",
                    "matters",
                    matter=matter.code,
                    one=other,
                    other=plate.key,
                )


def _types(plates: Sequence[Manifest]) -> Iterator[Refusal]:
    owners: dict[str, str] = {}
    for plate in plates:
        for component in plate.components:
            other = owners.setdefault(component.code, plate.key)
            if other != plate.key:
                yield in_two_plates(component.code, other, plate.key)


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
