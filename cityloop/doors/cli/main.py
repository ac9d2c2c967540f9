"""`cityloop`: the table of verbs. A module is imported only when its verb is called, so `--help` is quick."""

import importlib
import json
import os
import sys
from typing import Any

import click

OK, FINDINGS, USAGE = 0, 1, 2

# verb → ("module:attribute", one line of help)
VERBS = {
    "demo": ("cityloop.demo.cli:demo", "Serve the demo city."),
    "serve": ("cityloop.doors.cli.serve:serve", "Serve this city: pages and background work."),
    "migrate": ("cityloop.doors.cli.migrate:migrate", "Bring the database up to this version."),
    "backup": ("cityloop.doors.cli.backup:backup", "Write the whole city to one file."),
    "basemap": ("cityloop.doors.cli.basemap:basemap", "Make the map under everything: water, parks, streets."),
    "bench": ("cityloop.doors.cli.bench:bench", "Measure, and hold each figure against its goal."),
    "check-config": ("cityloop.doors.cli.check_config:check_config", "Look for faults in the settings."),
    "alarms": ("cityloop.doors.cli.alarms:alarms", "Rules that watch instruments, alarms that stand, rules tried."),
    "cameras": ("cityloop.doors.cli.cameras:cameras", "The register of the city's cameras."),
    "cases": ("cityloop.doors.cli.cases:cases", "Ask about cases."),
    "detectors": ("cityloop.doors.cli.cameras:detectors", "Programs that see things on videos, and may tell."),
    "catalogue": ("cityloop.doors.cli.exchange:catalogue", "Take the catalogue out as a file, and in; try a change."),
    "check": ("cityloop.doors.cli.check:check", "Say who is missing where."),
    "components": ("cityloop.doors.cli.components:components", "Bring in and count what stands in the city."),
    "imagery": ("cityloop.doors.cli.imagery:imagery", "The register of aerial and satellite layers."),
    "import": ("cityloop.doors.cli.import_:import_", "Bring a city's past in from a file, by a map."),
    "init": ("cityloop.doors.cli.init:init", "Set a city up: from boundaries to a running city."),
    "judge": ("cityloop.doors.cli.judge:judge", "Judge readings that come by the stream, on any machine."),
    "keys": ("cityloop.doors.cli.keys:keys", "Make access keys for programs."),
    "ledger": ("cityloop.doors.cli.ledger:ledger", "Check the ledger, hand out receipts."),
    "loop": ("cityloop.doors.cli.loop:loop", "Prove a loop definition."),
    "sensing": ("cityloop.doors.cli.sensing:sensing", "Readings: move what is old to the history, judge anew."),
    "staff": ("cityloop.doors.cli.staff:staff", "Organisations, posts and the people who hold them."),
    "persons": ("cityloop.doors.cli.persons:persons", "What the city holds of a resident: find, erase, seal anew."),
    "units": ("cityloop.doors.cli.units:units", "Load, check, ask and reform the city's units."),
    "plates": ("cityloop.doors.cli.plates:plates", "List, judge, switch on and off the plates of this city."),
    "messages": ("cityloop.doors.cli.messages:messages", "Collect, compile and check translations."),
    "reference": ("cityloop.doors.cli.reference:reference", "Write or check the generated reference pages."),
    "restore": ("cityloop.doors.cli.backup:restore", "Bring a city back from a backup."),
    "replay": ("cityloop.doors.cli.replay:replay", "Play a city's past through the loop, in a database made for it."),
}
# Called by other verbs, not by people.
HIDDEN = {
    "steward": ("cityloop.doors.cli.steward:steward", "Do the background work."),
    "mqtt": ("cityloop.doors.sensorthings.mqtt.cli:mqtt", "Carry readings between the broker and the city."),
    "demo-basemap": ("cityloop.demo.cli:basemap", "Draw the demo city's streets."),
    "demo-components": ("cityloop.demo.cli:components", "Bring in what stands in the demo city."),
    "demo-prepare": ("cityloop.demo.cli:prepare", "Make the demo city ready."),
}


class Verbs(click.Group):
    """A group that knows its verbs from the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place, _help = {**VERBS, **HIDDEN}.get(cmd_name, ("", ""))
        if not place:
            return None
        module, attribute = place.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs from the table alone, without importing one."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, words) for verb, (_place, words) in sorted(VERBS.items())])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cityloop")
def cityloop() -> None:
    """Cityloop: a city's whole governance loop. Every verb takes --json and exits 0 ok, 1 findings, 2 usage."""


def main(args: list[str] | None = None) -> None:
    """Run one verb; a wrong call answers in JSON too where --json was asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.config.settings")
    args = sys.argv[1:] if args is None else args
    try:
        code = cityloop.main(args, prog_name="cityloop", standalone_mode=False)
    except click.ClickException as error:
        code = wrong_call(error, as_json="--json" in args)
    except click.Abort:
        code = USAGE
    sys.exit(code if isinstance(code, int) else OK)


def wrong_call(error: click.ClickException, *, as_json: bool) -> int:
    """Say what was wrong with the call."""
    if as_json:
        answer: dict[str, Any] = {"error": {"code": "cli.usage", "message": error.format_message()}}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        error.show()
    return USAGE


if __name__ == "__main__":
    main()
