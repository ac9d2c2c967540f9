"""The replay policy: when between creation and closing the steps are taken that the source does not tell of."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cityloop.loops.cases.importing.mapping import Limit
from cityloop.town.tabular.source import read_as

Share = Annotated[float, Field(ge=0, le=1)]
Resolution = Literal["solved", "nothing_found", "already_solved", "not_ours", "cannot_be_solved"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Fractions(_Part):
    """[fractions]: where in the interval from creation (0) to closing (1) each step lies."""

    file: Share = 0.02
    dispatch: Share = 0.04
    accept: Share = 0.1
    report_back: Share = 0.85
    submit: Share = 0.88
    pass_: Share = Field(0.95, alias="pass")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        given = [value for _, value in self]
        if given != sorted(given):
            raise ValueError("a later step has a smaller fraction than an earlier one")
        return self


class Policy(_Part):
    """The whole policy."""

    name: str
    fractions: Fractions = Fractions()
    jitter: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.0, description="How far a fraction may be off, as a share of itself; drawn by the seed."
    )
    open_interval: Limit = Field(
        "1 d", description="The interval assumed where the source knows no closing: um, uh or d."
    )
    resolution: Resolution = "solved"
    resolutions: dict[str, Resolution] = Field({}, description="Resolution by status at the source.")

    @model_validator(mode="after")
    def _always(self) -> Self:
        if self.open_interval.split()[1] not in ("um", "uh", "d"):
            raise ValueError("give open_interval in um, uh or d")
        return self

    def share(self, action: str) -> float:
        """Give the fraction of an action."""
        return float(getattr(self.fractions, "pass_" if action == "pass" else action, 1.0))


def read_policy(path: Path) -> Policy:
    """Read a policy; refuse it naming all that is wrong."""
    return read_as(Policy, path, "policy")
