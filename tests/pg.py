"""Runs a command beside a throw-away PostgreSQL: `python tests/pg.py [--quick] COMMAND…`, with DATABASE_URL set for it.

With `--quick` nothing waits for the disk: for tests, not for figures.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "full_page_writes": "on",
    "log_min_messages": "fatal",
    "autovacuum_naptime": "10s",
}

# What nobody needs of a cluster that is lost with the machine's power.
QUICK = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}
INITDB = ["-U", "cityloop", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]


def program(name: str) -> str:
    """Find a program of PostgreSQL, the newest version first."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]), reverse=True)
    found = str(places[0]) if places else shutil.which(name)
    if not found:
        raise SystemExit(f"PostgreSQL's {name} is missing. Install it (Debian: apt-get install postgresql).")
    return found


def as_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root, so root hands it to the user `postgres`."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@contextmanager
def cluster(*, durable: bool = True) -> Iterator[str]:
    """Start a cluster in a folder of its own, give its address, stop it and take it away afterwards.

    One that is not durable is lost with the machine's power, which no test takes away.
    """
    folder = Path(tempfile.mkdtemp(prefix="cityloop-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        run(as_user([program("initdb"), "-D", str(data), *INITDB]))
        control = [program("pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
        start(folder, durable=durable)
        try:
            run([program("createdb"), "-h", str(folder), "-U", "cityloop", "cityloop"])
            yield f"postgresql://cityloop@/cityloop?host={folder}"
        finally:
            run(as_user([*control, "-m", "immediate", "stop"]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path, *, durable: bool = True) -> None:
    """Start the cluster in this folder."""
    settings = SETTINGS if durable else {**SETTINGS, **QUICK}
    options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in settings.items())
    control = [program("pg_ctl"), "-D", str(folder / "data"), "-w", "-l", str(folder / "log")]
    run(as_user([*control, "-o", f"-k {folder} {options}", "start"]))


def kill(url: str) -> None:
    """Kill the postmaster of a cluster without warning; its servers end by themselves."""
    pid = int((folder_of(url) / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)


def restart(url: str) -> None:
    """Start a killed cluster again; it recovers from its log. The dead one's servers may still be going."""
    for attempt in range(20):
        try:
            return start(folder_of(url))
        except SystemExit:
            if attempt == 19:
                raise
            time.sleep(0.5)
    return None


def folder_of(url: str) -> Path:
    """Give the folder of a cluster by its address."""
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def run(command: list[str]) -> None:
    """Run one program of PostgreSQL; its words are shown only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main() -> int:
    """Run the command given, or print the address and wait."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    words = sys.argv[1:]
    quick = words[:1] == ["--quick"]
    with cluster(durable=not quick) as url:
        if words[quick:]:
            return subprocess.run(words[quick:], env={**os.environ, "DATABASE_URL": url}, check=False).returncode
        print(url, flush=True)
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
