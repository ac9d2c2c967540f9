"""Facts about units that other rooms react to. The wiring decides who."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class UnitsRenumbered:
    """Current codes changed at `at`: whoever keeps a current code rewrites it by `mapping`, old to new.

    `reform` is the number of the reform on the ledger subject `units:city`: whoever follows it notes this number, so
    that hearing of it twice changes nothing.
    `relocate` are old codes whose things with a point are located anew first (the unit was split); those without
    a point follow `mapping`, which then leads to what is still known of them, a rest code. `became` says what
    units that ended turned into, one or several: for scopes, not for cases.
    """

    mapping: Mapping[str, str]
    at: int
    relocate: frozenset[str] = field(default_factory=frozenset)
    became: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reform: int = 0


@dataclass(frozen=True, slots=True)
class UnitsLoaded:
    """The city's units were loaded for the first time."""

    city: str
    units: int
    at: int
