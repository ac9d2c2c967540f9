"""`cityloop persons`: what a resident may ask of a city about what it holds of them, and the keys it is sealed with."""

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor

BY = Actor(kind="rule", role="rule", name="command line")


@click.group()
def persons() -> None:
    """What the city holds of a resident: find it, erase it, seal all of it anew."""


@persons.command("find")
@click.argument("address")
@verb()
def find(out: Out, address: str) -> int:
    """Say who gave just this e-mail ADDRESS or telephone number, masked, and which cases they reported or follow.

    Exit 1 where nobody did.
    """
    from cityloop.loops.cases.behind import numbers_by
    from cityloop.town.persons import queries

    found = queries.by_email(address) if "@" in address else queries.by_phone(address)
    cases = numbers_by(person.pk for person in found)
    rows = [{"person": p.pk, **queries.masked(p)._asdict(), "cases": cases.get(p.pk, [])} for p in found]
    out.give({"persons": rows})
    for row in rows:
        out.say("  ".join(str(row[name]) for name in ("person", "name", "phone", "email")))
        out.say(f"    {', '.join(row['cases']) or '-'}")
    return OK if rows else FINDINGS


@persons.command("erase")
@click.argument("number", type=int)
@click.option("--photos", is_flag=True, help="Also the photos they sent; their digests stay on the ledger.")
@click.option("--addresses", is_flag=True, help="Also the address of each case they reported; its unit and point stay.")
@click.option("--yes", is_flag=True, help="Do not ask: it cannot be taken back. Needed with --json.")
@verb()
def erase(out: Out, number: int, photos: bool, addresses: bool, yes: bool) -> int:
    """Erase what the city holds of the person NUMBER: name, number, address, words, account. Kept on the ledger.

    Photos and the addresses of their cases only where you say so, or when asked: who still works on a case needs them.
    The cases stay, and so do their places, states and what staff wrote.
    """
    from cityloop.loops.cases.actions.erasing import erase as erase_all
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.persons import queries

    person = queries.persons_of([number]).get(number)
    if person is None:
        raise Refusal("persons.unknown", "There is no living record of a person {number}.", "number", number=number)
    if not yes and out.as_json:
        raise Refusal(
            "persons.erase.yes", "It cannot be taken back, and with --json nobody is asked: add --yes.", "yes"
        )
    if not yes:
        photos = photos or click.confirm("Erase the photos they sent, too?")
        addresses = addresses or click.confirm("Erase the addresses of the cases they reported, too?")
        click.confirm("This cannot be taken back. Erase?", abort=True)
    done = erase_all(person=person, photos=photos, addresses=addresses, by=BY, at=city_clock.now())
    out.give({"person": number, **done._asdict()})
    out.say(f"Person {number} is erased, with {done.words} texts, {done.photos} photos, {done.addresses} addresses.")
    return OK


@persons.command("renew-keys")
@verb()
def renew_keys(out: Out) -> int:
    """Seal everything under the newest master key and index all cases anew; afterwards an older one may be dropped.

    Exit 1 where something does not open with the keys that are here and is left: its key is missing, or it was changed.
    """
    from cityloop.town.persons.renewing import renew_keys as renew

    done = renew()
    out.give(done._asdict())
    out.say(f"{done.sealed} rows are sealed anew, and all cases are indexed anew.")
    if done.left:
        out.say(f"{done.left} rows do not open with the keys that are here, and were left as they are: see the log.")
    else:
        out.say("An older key may be dropped now.")
    return FINDINGS if done.left else OK
