"""`cityloop ledger`: check the record, hand out receipts, show the key."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, set_up, verb
from cityloop.ground.kit.refusal import Refusal


@click.group()
def ledger() -> None:
    """Check the ledger, hand out receipts, show the public key."""


@ledger.command("verify")
@click.option(
    "--receipt", "receipt_file", type=click.Path(exists=True, dir_okay=False), help="Check this receipt or promise."
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False),
    help="The city's public key, as published. Without it a receipt is held against the ledger of this city.",
)
@click.option(
    "--rebuild", is_flag=True, help="Also rebuild every case from its steps and compare all that is read of it."
)
@verb(django=False)
def verify(out: Out, receipt_file: str | None, key_file: str | None, rebuild: bool) -> int:
    """Recompute every chain and sealed root; or check one receipt: with --key no database is needed."""
    if key_file and not receipt_file:
        raise Refusal("ledger.receipt.key", "Give a receipt with the key.", field="receipt")
    if receipt_file:
        return _verify_receipt(out, receipt_file, key_file)
    set_up()
    return _verify_all(out, rebuild)


def _verify_receipt(out: Out, receipt_file: str, key_file: str | None) -> int:
    try:
        given = json.loads(Path(receipt_file).read_text(encoding="utf-8"))
        faults = _with_key(given, Path(key_file).read_text(encoding="utf-8")) if key_file else _with_ledger(given)
        found = [{"where": where, "message": message} for where, message in faults]
        well = _well(given, here=not key_file)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Refusal("ledger.receipt.shape", "This is no receipt or no key: {error}", error=str(error)) from error
    return _answer(out, found, well)


def _with_key(given: dict[str, Any], published: str) -> Iterator[tuple[str, str]]:
    from cityloop.town.ledger.check import check_promise, check_receipt, read_public, read_seals

    public = read_public(published)
    return check_promise(given, public) if "promise" in given else check_receipt(given, public, read_seals(published))


def _with_ledger(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Hold a receipt against the ledger it was given out from: what stood there then must stand there now."""
    set_up()
    from cityloop.town.ledger.check import check_promise, check_receipt
    from cityloop.town.ledger.receipts import astray, signer

    issued = given["promise"] if "promise" in given else given["issued"]["statement"]
    public = signer(issued["key_id"])
    if public is None:
        yield "key", "this city has none of this name"
        return
    yield from check_promise(given, public) if "promise" in given else check_receipt(given, public)
    yield from astray(given)


def _well(given: dict[str, Any], *, here: bool) -> str:
    stands = " All of it stands on this ledger." if here else ""
    if "promise" in given:
        return f"The promise of {given['promise']['number']} holds: the city signed its first step.{stands}"
    return f"The receipt of {given['number']} holds: {len(given['steps'])} steps.{stands}"


def _verify_all(out: Out, rebuild: bool) -> int:
    from cityloop.loops.cases.rebuilding import all_differences
    from cityloop.town.ledger import queries

    sources = [queries.verify(), all_differences()] if rebuild else [queries.verify()]
    found = [{"code": f.code, "where": f.where, "message": f.message} for source in sources for f in source]
    (steps, seals), waiting = queries.size(), queries.unsealed()
    more = f" {waiting} steps wait for their seal." if waiting else ""
    return _answer(out, found, f"{steps} steps and {seals} seals are as written.{more}")


def _answer(out: Out, found: list[dict[str, str]], well: str) -> int:
    out.give({"ok": not found, "findings": found})
    for finding in found:
        out.say(f"{finding['where']}: {finding['message']}")
    if not found:
        out.say(well)
    return FINDINGS if found else OK


@ledger.command("receipt")
@click.argument("number")
@verb()
def receipt(out: Out, number: str) -> int:
    """Print the receipt of a case: its steps with their places under the signed roots."""
    from cityloop.loops.cases.history import receipt_of
    from cityloop.loops.cases.queries import id_of
    from cityloop.town.ledger.actions import sequence
    from cityloop.town.ledger.sealing import seal_all

    key = id_of(number)
    while sequence():
        pass
    seal_all()
    click.echo(json.dumps(receipt_of(key), ensure_ascii=False, indent=None if out.as_json else 1))
    return OK


@ledger.command("key")
@verb()
def key(out: Out) -> int:
    """Print the public key, as published at /.well-known/cityloop-ledger."""
    from cityloop.town.ledger import keys

    click.echo(json.dumps(keys.described(keys.public_bytes())))
    return OK
