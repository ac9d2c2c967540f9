"""Writing TOML as a person would lay it out: a table for each thing, one line for each thing within it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDE = 100  # a list that would be longer has a line for each of its elements


def written(data: Mapping[str, Any], head: str = "") -> str:
    """Give tables as TOML: what stands at the top first, then each table and each list of tables."""
    return "\n".join([*([head] if head else []), *_table(data, "")]) + "\n"


def _table(table: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in table.items():
        if not _tables(value, path):
            yield f"{_key(key)} = {_laid_out(value)}"
    for key, value in table.items():
        if _tables(value, path):
            inner = f"{path}.{_key(key)}" if path else _key(key)
            for row in [value] if isinstance(value, Mapping) else value:
                yield ""
                yield f"[[{inner}]]" if isinstance(value, Sequence) else f"[{inner}]"
                yield from _table(row, inner)


def _tables(value: Any, path: str) -> bool:
    """Tell what gets headers of its own: lists of tables down to the second step, tables at the first."""
    if isinstance(value, Mapping):
        return not path
    is_list = isinstance(value, list | tuple) and bool(value)
    return is_list and path.count(".") < 1 and all(isinstance(one, Mapping) for one in value)


def _laid_out(value: Any) -> str:
    """Give a value; a long list on several lines, so that a fault in it can be named by its line."""
    line = _value(value)
    if isinstance(value, list | tuple) and (len(line) > WIDE or any(isinstance(one, Mapping) for one in value)):
        return "[\n" + "".join(f"  {_value(one)},\n" for one in value) + "]"
    return line


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    # Strings and numbers of JSON are those of TOML, but for one character that TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)
