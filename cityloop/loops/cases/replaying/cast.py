"""Who plays whom in a replay: the posts there are, and demo posts where there are none."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.orgs import actions as orgs_actions
from cityloop.town.orgs import queries as orgs
from cityloop.town.orgs.centres import CENTRES, COMMAND, SUPERVISION
from cityloop.town.orgs.models import Organisation
from cityloop.town.orgs.queries import OrgRef
from cityloop.town.orgs.rules import related
from cityloop.town.orgs.staffing import Candidate
from cityloop.town.persons.actions import open_account, register_person

STAFF = (("shift_leader", SUPERVISION), ("inspector", SUPERVISION), ("dispatcher", COMMAND))
OFFICER = "department_officer"
EACH = 2

REPORTER = Actor(kind="reporter", role="reporter")


def engage(leads: Iterable[int], *, by: Actor, at: int) -> "Cast":
    """Give the cast for cases led by these organisations; demo posts are made where a role has nobody."""
    for role, centre in STAFF:
        if not orgs.eligible_anywhere(role, at):
            for number in range(1, EACH + 1):
                _demo_post(role, _centre(centre, by, at), number, by, at)
    officers = _by_org(orgs.eligible_anywhere(OFFICER, at))
    wanted = set(leads) - {0}
    if not officers.keys() & {_centre(COMMAND, by, at).pk}:
        wanted.add(_centre(COMMAND, by, at).pk)
    for org in sorted(wanted):
        if org not in officers:
            _demo_post(OFFICER, Organisation.objects.get(pk=org), 1, by, at)
    directory = orgs.directory()
    staff = {role: orgs.eligible_anywhere(role, at) for role in ("shift_leader", "inspector", "dispatcher", OFFICER)}
    return Cast(staff, {ref.id: ref for ref in directory.values()}, directory[COMMAND])


def _centre(key: str, by: Actor, at: int) -> Organisation:
    found = Organisation.objects.filter(key=key).first()
    return found or orgs_actions.add_organisation(
        key=key, names=CENTRES[key], kind="government", parent=orgs.city(), by=by, at=at
    )


def _demo_post(role: str, organisation: Organisation, number: int, by: Actor, at: int) -> None:
    """Make a post held by a person who exists in the demo only, and who cannot sign in."""
    post = orgs_actions.add_post(organisation=organisation, role=role, level=3, by=by, at=at)
    person = register_person(at=at, name=f"Demo {role.replace('_', ' ')} {number}, {organisation.key}")
    name = f"demo-{organisation.key}-{role.replace('_', '-')}-{number}"
    account = open_account(username=name, password=None, person=person, by=by, at=at)
    orgs_actions.appoint(account=account, post=post, by=by, at=at, valid_from=0)


def _by_org(staff: Iterable[Candidate]) -> dict[int, list[Candidate]]:
    found: dict[int, list[Candidate]] = defaultdict(list)
    for one in staff:
        found[one.org].append(one)
    return found


class Cast:
    """The posts that act in a replay; who takes a step follows from a number drawn by the seed."""

    def __init__(
        self, staff: Mapping[str, list[Candidate]], orgs_by_id: Mapping[int, OrgRef], fallback: OrgRef
    ) -> None:
        self.staff = {role: sorted(found, key=lambda c: (c.post, c.account)) for role, found in staff.items()}
        self.officers = _by_org(self.staff[OFFICER])
        self.orgs, self.fallback = orgs_by_id, fallback
        self._kept: dict[tuple[str, str, str], list[Actor]] = {}

    def lead(self, org: int) -> OrgRef:
        """Give the lead organisation, or the command centre where none is known."""
        found = self.orgs.get(org)
        return found if found is not None and found.id in self.officers else self.fallback

    def officer(self, lead: OrgRef, draw: int) -> Actor:
        """Give an officer of the lead organisation."""
        found = self.officers[lead.id]
        return _actor(found[draw % len(found)])

    def player(self, role: str, unit: str, lead: OrgRef, draw: int) -> Actor:
        """Give who takes a step of `role` for a case in `unit`: someone whose post covers it and who is no party."""
        key = (role, unit, lead.actor_path if role != "dispatcher" else "")
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._fit(*key)
        return found[draw % len(found)]

    def _fit(self, role: str, unit: str, lead_path: str) -> list[Actor]:
        free = [c for c in self.staff[role] if not related(c.org_path, lead_path)]
        here = [c for c in free if unit.startswith(c.unit_code)] or free
        if not here:
            raise Refusal("replay.cast", "Nobody may act as {role} who is no party to the case.", "role", role=role)
        nearest = max(len(c.unit_code) for c in here)
        return [_actor(c) for c in here if len(c.unit_code) == nearest]


def _actor(one: Candidate) -> Actor:
    return Actor("person", one.role, one.person, one.post, one.org, one.org_path)
