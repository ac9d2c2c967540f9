"""Units of measurement as instruments write them, brought to one way of writing (UCUM's)."""

# What instruments write for what UCUM (the Unified Code for Units of Measure) calls otherwise.
SAME = {
    "°c": "Cel", "degc": "Cel", "c": "Cel", "celsius": "Cel", "cel": "Cel", "ppm": "[ppm]", "[ppm]": "[ppm]",
    "db": "dB[SPL]", "db(a)": "dB[SPL]", "dba": "dB[SPL]", "db[spl]": "dB[SPL]", "ph": "[pH]", "[ph]": "[pH]",
    "ntu": "[NTU]", "[ntu]": "[NTU]", "lux": "lx", "": "1", "count": "1", "persons": "1",
}  # fmt: skip
_SIGNS = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3", " ": "", "·": ".", "^": ""})  # noqa: RUF001 - both signs for micro are met with


def written(unit: str) -> str:
    """Give a unit as UCUM writes it: `µg/m³` and `μg/m^3` are `ug/m3`."""
    plain = unit.translate(_SIGNS)
    return SAME.get(plain.lower(), plain)


def same(one: str, other: str) -> bool:
    """Tell whether two ways of writing mean the same unit."""
    return written(one) == written(other)
