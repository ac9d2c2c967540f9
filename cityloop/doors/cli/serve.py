"""`cityloop serve`: pages and background work as one process group on one address."""

import os
import socket
import subprocess
import sys
from errno import EADDRINUSE
from pathlib import Path
from time import monotonic, sleep

import click

from cityloop.doors.cli.family import Member, run
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.refusal import Refusal
from cityloop.home import home

# By its path, and not from the current folder (-P): in another version's clone a city would run that one's code.
APPLICATION = f"{Path(__file__).parents[2] / 'config' / 'asgi.py'}:application"
PYTHON = [sys.executable, "-P"]
LETTING_GO = 5.0  # seconds: a server whose parent was killed gives open connections three


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8311, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
@verb(django=False)
def serve(out: Out, host: str, port: int, workers: int) -> int:
    """Serve this city: pages and background work."""
    free(host, port)
    call("migrate")
    return start(out, host=host, port=port, workers=workers)


def start(out: Out, *, host: str, port: int, workers: int) -> int:
    """Run web and steward together until told to stop."""
    address = f"http://{host}:{port}/"
    if os.environ.get("CITYLOOP_METRICS"):
        forget(home())
    out.say(f"Cityloop on {address}  (state in {home()}; Ctrl-C stops it)")
    out.give({"address": address, "home": str(home()), "pid": os.getpid()})
    sys.stdout.flush()
    members = [Member("web", web(host, port, workers)), Member("steward", cityloop("steward"))]
    if os.environ.get("CITYLOOP_MQTT") or os.environ.get("CITYLOOP_MQTT_DEVICES"):
        members.append(Member("mqtt", cityloop("mqtt"), needed=False))
    if os.environ.get("CITYLOOP_STREAM"):
        members.append(Member("judge", cityloop("judge"), needed=False))
    return run(members, lambda words: click.echo(f"cityloop: {words}", err=True))


def forget(place: Path) -> None:
    """Take away what processes of an earlier start counted: they have ended, and their ids come again."""
    for path in (place / "metrics").glob("*.db"):
        path.unlink(missing_ok=True)


def web(host: str, port: int, workers: int) -> list[str]:
    """Give the command that starts the web server; access lines would hold follow codes, so there are none."""
    options = {
        "--interface": "asgi",
        "--host": host,
        "--port": str(port),
        "--workers": str(workers),
        "--loop": "uvloop",
        "--log-level": "warning",
        "--workers-kill-timeout": "3",
        "--backlog": "2048",
    }
    flat = [word for pair in options.items() for word in pair]
    return [*PYTHON, "-m", "cityloop.config.granian", *flat, "--no-ws", "--respawn-failed-workers", APPLICATION]


def cityloop(*words: str) -> list[str]:
    """Give the command that calls another verb in a process of its own."""
    return [*PYTHON, "-m", "cityloop.doors.cli.main", *words]


def call(*words: str) -> None:
    """Call another verb and wait for it, so that this process stays small."""
    done = subprocess.run(cityloop(*words), stdout=subprocess.DEVNULL, check=False)  # noqa: S603
    if done.returncode:
        raise Refusal("serve.preparation", "`cityloop {words}` failed; see above.", words=" ".join(words))


def free(host: str, port: int) -> None:
    """Refuse where something else listens already.

    Processes that were killed take a moment to let go of it; whoever starts the city again need not wait for them.
    """
    until = monotonic() + LETTING_GO
    while (fault := _taken(host, port)) is not None:
        if fault.errno != EADDRINUSE or monotonic() > until:
            raise Refusal(
                "serve.port",
                "Cannot listen on {host}:{port} ({why}); choose another with --port.",
                field="port",
                host=host,
                port=port,
                why=fault.strerror,
            ) from fault
        sleep(0.1)


def _taken(host: str, port: int) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
