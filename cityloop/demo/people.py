"""The people of the demo: a post for every role, and an account for each."""

import secrets
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.db import transaction

from cityloop.demo.scenes import Scene
from cityloop.demo.tinglan.names import person
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases.replaying.cast import CENTRES, COMMAND, OFFICER, SUPERVISION
from cityloop.town.orgs import actions, queries
from cityloop.town.orgs.models import Organisation
from cityloop.town.persons.actions import open_account, register_person
from cityloop.town.persons.models import Account

VOLUNTEERS = "neighbourhood-volunteers"
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
CREWS = ("nypd", "hpd", "dsny", "dot", "dep", "dpr")


class Job(NamedTuple):
    """Who works where: the user's name, the role, the organisation's key, and what the person is called."""

    user: str
    role: str
    organisation: str
    name: str


CENTRE_JOBS = (
    Job("intake", "intake_officer", SUPERVISION, "Ada Intake"),
    Job("intake2", "intake_officer", SUPERVISION, "Alan Intake"),
    Job("shift", "shift_leader", SUPERVISION, "Sofia Shift"),
    Job("shift2", "shift_leader", SUPERVISION, "Sam Shift"),
    Job("inspector", "inspector", SUPERVISION, "Ines Inspector"),
    Job("inspector2", "inspector", SUPERVISION, "Ivan Inspector"),
    Job("assessor", "assessor", SUPERVISION, "Asha Assessor"),
    Job("dispatcher", "dispatcher", COMMAND, "Diego Dispatcher"),
    Job("dispatcher2", "dispatcher", COMMAND, "Dina Dispatcher"),
    Job("commander", "duty_commander", COMMAND, "Carla Commander"),
    Job("leader", "leader", COMMAND, "Leo Leader"),
    Job("officer", "department_officer", COMMAND, "Olga Officer"),
    Job("volunteers", "public_group", VOLUNTEERS, "Vera Volunteer"),
    Job("integrator", "integrator", "", "Igor Integrator"),
    Job("steward", "data_steward", "", "Stella Steward"),
    Job("security", "security_officer", "", "Sergei Security"),
    Job("engineer", "city_engineer", "", "Emma Engineer"),
)


def employ(scene: Scene, *, by: Actor, at: int) -> list[dict[str, str]]:
    """Make the centres, posts and accounts; give role, user, password and organisation of each."""
    orgs = _organisations(by, at)
    password = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))
    jobs = [*CENTRE_JOBS, *_agency_jobs(orgs)] if scene.key == "new_york" else list(_chinese_jobs(orgs))
    with transaction.atomic():
        for job in jobs:
            _employ(job, orgs[job.organisation], scene.language, by, at)
    # One password for all, hashed once: hashing is slow on purpose, and these accounts are no secret. Nor need anybody
    # choose another at the first sign-in: many share them, and whoever did so would keep all others out.
    Account.objects.filter(username__in=[job.user for job in jobs]).update(password=make_password(password))
    return [
        {
            "role": j.role,
            "user": j.user,
            "password": password,
            "organisation": orgs[j.organisation].names[scene.language],
        }
        for j in jobs
    ]


def _organisations(by: Actor, at: int) -> dict[str, Organisation]:
    root, there = queries.city(), queries.directory()
    for key, names in CENTRES.items():
        if key in there:  # a plate brought it
            continue
        actions.add_organisation(key=key, names=names, kind="government", parent=root, by=by, at=at)
    names = {"en": "Neighbourhood volunteers", "zh-hans": "街坊志愿者"}
    actions.add_organisation(key=VOLUNTEERS, names=names, kind="public_group", parent=root, by=by, at=at)
    return {"": root, **{org.key: org for org in Organisation.objects.exclude(parent=None)}}


def _agency_jobs(orgs: Mapping[str, Organisation]) -> Iterator[Job]:
    for key in sorted(orgs):
        if key not in ("", SUPERVISION, COMMAND, VOLUNTEERS):
            yield Job(key, "department_officer", key, f"{key.upper()} Officer")
            if key in CREWS:
                yield Job(f"{key}-crew", "crew", key, f"{key.upper()} Crew")


def _chinese_jobs(orgs: Mapping[str, Organisation]) -> Iterator[Job]:
    """Give the jobs of Tinglan: two officers and a crew in every department, so that nobody is missing anywhere."""
    agencies = [key for key in sorted(orgs) if key not in ("", SUPERVISION, COMMAND, VOLUNTEERS)]
    jobs = [(job.user, job.role, job.organisation) for job in CENTRE_JOBS]
    for key in agencies:
        jobs += [(key, OFFICER, key), (f"{key}2", OFFICER, key), (f"{key}-crew", "crew", key)]
    for number, (user, role, organisation) in enumerate(jobs):
        yield Job(user, role, organisation, person(number))


def _employ(job: Job, organisation: Organisation, language: str, by: Actor, at: int) -> None:
    post = actions.add_post(organisation=organisation, role=job.role, level=3, by=by, at=at)
    who = register_person(at=at, name=job.name, language=language)
    account = open_account(username=job.user, password=None, person=who, by=by, at=at, language=language)
    actions.appoint(account=account, post=post, by=by, at=at)
