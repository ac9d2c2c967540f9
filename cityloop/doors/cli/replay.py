"""`cityloop replay`: play a city's past through the whole loop, in a database made for it."""

from pathlib import Path

import click

from cityloop.doors.cli.import_ import FILE, MAP, REJECTS, take
from cityloop.doors.cli.verb import Out, verb


@click.command("replay")
@FILE
@MAP
@click.option("--policy", "policy_file", required=True, type=click.Path(path_type=Path), help="When steps are taken.")
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed gives the same replay.")
@REJECTS
@verb()
def replay(out: Out, file: Path, map_file: Path, policy_file: Path, seed: int, rejects: Path | None) -> int:
    """Replay requests through the loop, up to the present of the city; run it again to go on."""
    from cityloop.loops.cases.importing.mapping import read_map
    from cityloop.loops.cases.replaying import actions
    from cityloop.loops.cases.replaying.policy import read_policy

    policy = read_policy(policy_file)
    return take(out, "replay", actions.replay, file, read_map(map_file), rejects, policy=policy, seed=seed)
