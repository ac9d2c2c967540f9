"""`cityloop replay`: play a city's past through the whole loop, in a database made for it."""

from pathlib import Path

import click

from cityloop.doors.cli.import_ import FILE, MAP, operator, progress, say
from cityloop.doors.cli.verb import Out, verb


@click.command("replay")
@FILE
@MAP
@click.option("--policy", "policy_file", required=True, type=click.Path(path_type=Path), help="When steps are taken.")
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed gives the same replay.")
@click.option("--rejects", type=click.Path(path_type=Path), help="Where to list the rows that cannot be taken.")
@verb()
def replay(out: Out, file: Path, map_file: Path, policy_file: Path, seed: int, rejects: Path | None) -> None:
    """Replay requests through the loop, up to the present of the city; run it again to go on."""
    from cityloop.home import home
    from cityloop.loops.cases.importing.mapping import read_map
    from cityloop.loops.cases.replaying import actions
    from cityloop.loops.cases.replaying.policy import read_policy
    from cityloop.town.calendar.clock import city_clock

    rules, policy = read_map(map_file), read_policy(policy_file)
    reject_file = rejects or home() / "imports" / f"{file.name.split('.')[0]}.{rules.source.name}.rejected.csv"
    with progress(out, f"replay {file.name}") as told:
        tally = actions.replay(
            path=file,
            rules=rules,
            policy=policy,
            seed=seed,
            reject_file=reject_file,
            by=operator(),
            at=city_clock.now(),
            progress=told,
        )
    say(out, tally.told())
