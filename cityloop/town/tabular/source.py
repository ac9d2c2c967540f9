"""What every map of a file begins with: what the file is called and how it is written. A map is one TOML file."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from cityloop.ground.kit.loader import innermost, line_numbers
from cityloop.ground.kit.plate import Loc
from cityloop.ground.kit.refusal import Refusal

M = TypeVar("M", bound=BaseModel)
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]


class Part(BaseModel):
    """A part of a map: it takes no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SourceMap(Part):
    """[source]: what the file is called, and how it is written."""

    name: Key = Field(description="Names the source for ever: a row is known by this name and its key in the file.")
    format: Literal["", "csv", "parquet", "geojson"] = Field(
        "", description="By the file's ending where it is not said."
    )
    encoding: str = Field("utf-8", description="Of a CSV file; a byte order mark is dropped.")
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    quote: Annotated[str, StringConstraints(min_length=1, max_length=1)] = '"'
    decimal: Literal[".", ","] = Field(
        ".", description="What stands before the decimals of a number; with ',' it is read in both ways."
    )
    origin: str = Field("", description="Where the file comes from.")
    terms: str = Field("", description="On what terms it may be used.")


class PointMap(Part):
    """Where the point of a row stands."""

    lon: str = Field("", description="The column with the longitude in degrees.")
    lat: str = Field("", description="The column with the latitude in degrees.")
    datum: Literal["wgs84", "gcj02"] = Field("wgs84", description="GCJ-02 is turned into WGS 84.")

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.lon) != bool(self.lat):
            raise ValueError("a place needs both lon and lat")
        return self


def columns_of(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give each column that a map names with the first key that names it, from pairs of both; "" is none."""
    found: dict[str, str] = {}
    for name, key in named:
        if name:
            found.setdefault(name, key)
    return found


def read_as(model: type[M], path: Path, what: str) -> M:
    """Read a TOML file by a model; refuse it naming all that is wrong, each by its key and line."""
    data, lines = _read_toml(path, what)
    return validated(model, data, what, file=path.name, lines=lines)


def validated(
    model: type[M], data: dict[str, Any], what: str, *, file: str = "", lines: dict[Loc, int] | None = None
) -> M:
    """Check data against a model; refuse it naming all that is wrong, and as its field the first key."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = innermost(error, file or what, lines or {})
        problems = sorted(found, key=lambda one: (not one.line, one.line))  # what is lacking altogether comes last
        why = "\n".join(map(str, problems))
        raise Refusal(
            f"import.{what}", "The {what} is wrong:\n{why}", problems[0].key or what, what=what, why=why
        ) from error


def _read_toml(path: Path, what: str) -> tuple[dict[str, Any], dict[Loc, int]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(text), line_numbers(text)
    except OSError as error:
        raise Refusal(
            f"import.{what}", "{path} cannot be read ({why}).", what, path=path, why=error.strerror
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refusal(f"import.{what}", "{path} is not valid TOML: {why}.", what, path=path.name, why=error) from error
