"""Writing a city file: tables, lists and plain values, as a person would lay them out."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

HEAD = "# A city file: `cityloop init FILE` sets the city up from it. Every key: docs/reference/city-file.md"


def written(data: Mapping[str, Any]) -> str:
    """Give a city file as TOML: what stands at the top first, then each table."""
    lines = [HEAD, ""]
    lines += [f"{key} = {_value(value)}" for key, value in data.items() if not _table(value)]
    for key, value in data.items():
        for row in [value] if isinstance(value, Mapping) else value if _table(value) else []:
            lines += ["", f"[[{key}]]" if isinstance(value, list) else f"[{key}]", *_rows(row)]
    return "\n".join(lines) + "\n"


def _table(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _rows(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    # Strings of JSON are strings of TOML, but for DEL, which no terminal sends.
    return json.dumps(value, ensure_ascii=False)
