"""`cityloop ledger`: check the record, hand out receipts, show the key."""

import json
from pathlib import Path

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, set_up, verb
from cityloop.ground.kit.refusal import Refusal


@click.group()
def ledger() -> None:
    """Check the ledger, hand out receipts, show the public key."""


@ledger.command("verify")
@click.option("--receipt", "receipt_file", type=click.Path(exists=True, dir_okay=False), help="Check this receipt.")
@click.option("--key", "key_file", type=click.Path(exists=True, dir_okay=False), help="The city's public key.")
@click.option("--rebuild", is_flag=True, help="Also rebuild every case from its steps and compare.")
@verb(django=False)
def verify(out: Out, receipt_file: str | None, key_file: str | None, rebuild: bool) -> int:
    """Recompute every chain and sealed root; or check one receipt, which needs no database."""
    if receipt_file or key_file:
        return _verify_receipt(out, receipt_file, key_file)
    set_up()
    return _verify_all(out, rebuild)


def _verify_receipt(out: Out, receipt_file: str | None, key_file: str | None) -> int:
    from cityloop.town.ledger.check import check_receipt, read_public

    if not (receipt_file and key_file):
        raise Refusal("ledger.receipt.key", "Give both --receipt and --key.", field="key")
    try:
        receipt = json.loads(Path(receipt_file).read_text(encoding="utf-8"))
        public = read_public(Path(key_file).read_text(encoding="utf-8"))
        found = [{"where": where, "message": message} for where, message in check_receipt(receipt, public)]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Refusal("ledger.receipt.shape", "This is no receipt or no key: {error}", error=str(error)) from error
    return _answer(out, found, f"The receipt of {receipt['number']} holds: {len(receipt['steps'])} steps.")


def _verify_all(out: Out, rebuild: bool) -> int:
    from cityloop.loops.cases.rebuilding import all_differences
    from cityloop.town.ledger import queries

    sources = [queries.verify(), all_differences()] if rebuild else [queries.verify()]
    found = [{"code": f.code, "where": f.where, "message": f.message} for source in sources for f in source]
    steps, seals = queries.size()
    return _answer(out, found, f"{steps} steps and {seals} seals are as written.")


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
