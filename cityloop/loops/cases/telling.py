"""What notices say of a case, and who is warned at which mark. Ladders are data."""

import json
from typing import Any

from cityloop.ground.loop.snapshot import load
from cityloop.loops.cases import numbers, openly
from cityloop.loops.cases.loop import pinned, present
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.saying import minute_names
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.models import Step
from cityloop.town.orgs.queries import directory, eligible, posts_of
from cityloop.town.worklist.models import Row

# Who is told of 50, 80, 100 and 150 % of a limit, besides the holder.
LADDER = {50: (), 80: ("leader",), 100: ("duty_commander",), 150: ("duty_commander", "leader")}
RESOLUTIONS = {
    "solved": {"en": "solved", "zh-hans": "已解决"},
    "nothing_found": {"en": "nothing was found", "zh-hans": "未发现问题"},
    "already_solved": {"en": "already solved", "zh-hans": "已自行解决"},
    "not_ours": {"en": "not within the city's powers", "zh-hans": "不属本市职权"},
    "cannot_be_solved": {"en": "cannot be solved", "zh-hans": "无法解决"},
}
# Why it was not taken on, or put off.
REASONS = {
    "not_ours": {"en": "not within the city's powers", "zh-hans": "不属本市职权"},
    "no_matter": {"en": "no matter of ours", "zh-hans": "不属受理事项"},
    "already_known": {"en": "known already", "zh-hans": "已有记录"},
    "not_enough": {"en": "not enough to go by", "zh-hans": "信息不足"},
    "private_dispute": {"en": "a private dispute", "zh-hans": "属民事纠纷"},
    "abusive": {"en": "abusive", "zh-hans": "内容不当"},
    "season": {"en": "it must wait for the season", "zh-hans": "须待适宜季节"},
    "project": {"en": "it is part of a project that is planned", "zh-hans": "已列入工程计划，一并实施"},
    "law": {"en": "a procedure of law must end first", "zh-hans": "须待法定程序办结"},
}
NO_DUE = {"en": "its time limit", "zh-hans": "规定时限"}
WITHDRAWN = {"en": "it was withdrawn", "zh-hans": "已撤回"}
NOT_SO = {"en": "it was not found to be so", "zh-hans": "核实不属实"}


def params(case: Case, row: Step | None = None) -> dict[str, Any]:
    """Give the plain facts a notice may name: number, matter, organisation, due time, result."""
    said: dict[str, Any] = {"number": numbers.number(case), "days": 10, "standing": standing(case)}
    said["matter"] = matter_names(case) or {"en": "not yet named", "zh-hans": "待定"}
    if case.lead_org:
        said["organisation"] = _organisation(case.lead_org)
    said["due"] = minute_names(case.due) if case.due else NO_DUE  # it may have been done before this is told
    if case.resolution:
        said["resolution"] = RESOLUTIONS.get(case.resolution, case.resolution)
    if row is not None and row.what == "decline":
        said["reason"] = REASONS.get(json.loads(row.data).get("reason", ""), "")
    elif case.state in ("declined", "invalid"):
        said["reason"] = WITHDRAWN if row is not None and row.what == "withdraw" else NOT_SO
    if row is not None and row.what == "transfer":
        said["authority"] = str(json.loads(row.data).get("authority", ""))
    if row is not None and openly.puts_off(row):
        said |= _put_off(json.loads(row.data))
    if row is not None and row.what == "urge":
        said["who"] = role_names(case, row.role)
    return said


def _put_off(data: dict[str, Any]) -> dict[str, Any]:
    return {"reason": REASONS.get(str(data.get("reason", "")), ""), "until": minute_names(int(data.get("until") or 0))}


def at_desk(number: str) -> dict[str, str]:
    """Say where a notice to staff leads."""
    return {"path": f"/desk/cases/{number}"}


def standing(case: Case) -> dict[str, str]:
    """Name the state of a case."""
    state = pinned(case.definition).source.states.get(case.state)
    return dict(state.names) if state else {"en": case.state}


def role_names(case: Case, role: str) -> dict[str, str]:
    """Name who did something by the role."""
    found = pinned(case.definition).source.roles.get(role)
    return dict(found.names) if found else {"en": role}


def matter_names(case: Case) -> dict[str, str]:
    """Give the names of a case's matter, {} where it has none or one no longer known."""
    return named(case.matter)


def named(matter: str) -> dict[str, str]:
    """Give the names of a matter, {} for none or one no longer known."""
    entry = catalog.current().known.get(matter) if matter else None
    return entry.names if entry is not None else {}


def stands(state: str) -> dict[str, str]:
    """Name a state by the rules now in force."""
    found = present().source.states.get(state)
    return dict(found.names) if found else {"en": state}


def _organisation(number: int) -> dict[str, str]:
    return next((o.names for o in directory().values() if o.id == number), {})


def warned(row: Row, mark: int, at: int) -> list[dict[str, int]]:
    """Give the recipients of a warning: whoever took it, else the holders of the duty; then up the ladder."""
    found: dict[int, dict[str, int]] = {}
    if row.person:
        # At the desk where they have an account; by mail alone otherwise.
        posts = posts_of(row.person, [row.role], at, level=row.level)
        found[row.person] = {"account": posts[0].account} if posts else {"person": row.person}
    else:
        for one in eligible(row.role, row.unit_code, at, level=row.level):
            if not row.org or one.org == row.org:
                found[one.person] = {"account": one.account}
    for role in LADDER[mark]:
        for one in eligible(role, row.unit_code, at, level=row.level):
            found.setdefault(one.person, {"account": one.account})
    return list(found.values())


def urged(case: Case, at: int) -> list[dict[str, int]]:
    """Give who is told of an urging: the officers of the organisation asked last, as their posts cover the case."""
    asked = [r.org for r in load(case.snapshot).requests if r.kind == "urge"][-1:]
    found = eligible("department_officer", case.unit_code, at, level=case.level)
    return [{"account": one.account} for one in found if one.org in asked]


def answering(case: Case, at: int) -> list[dict[str, int]]:
    """Give who is told that a reporter disputes what was done: who is named to check, and the shift leaders."""
    checks = eligible("inspector", case.unit_code, at, level=case.level) if case.state == "checking" else []
    found = [one for one in checks if one.person == case.person]
    found += eligible("shift_leader", case.unit_code, at, level=case.level)
    return [{"account": account} for account in dict.fromkeys(one.account for one in found)]


def stage(case: Case, row: Row) -> dict[str, str]:
    """Name what a warning is about, a state or something asked for, in every language: each is told in their own."""
    source = pinned(case.definition).source
    found = source.states.get(row.what) or source.requests.get(row.what)
    return dict(found.names) if found else {"en": row.what.replace("_", " ")}


# Steps whose words the reporter is told, and steps that are the reporter's own.
TOLD = ("ask_reporter", "message", "decline", "disproved", "close", "transfer")
OWN = ("collect", "answer", "add", "confirm", "dispute", "reopen", "rate", "withdraw")


def side(step: Any) -> str:
    """Say who speaks in a step: the `city` to the reporter, the `reporter`, staff in a `note`; "" where nobody does."""
    if step.what == "note":
        return "note"
    if step.what in OWN and (step.role == "reporter" or step.what in ("collect", "add")):
        return "reporter"
    return "city" if step.what in TOLD and step.actor != "reporter" else ""
