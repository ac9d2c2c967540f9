"""The real parts that tests need: PostgreSQL, a browser, a Chinese face, a broker. By apt where it may, else said."""

import glob
import os
import shutil
import subprocess
import sys


def postgresql() -> bool:
    """Is PostgreSQL's server there?"""
    return bool(glob.glob("/usr/lib/postgresql/*/bin/initdb") or shutil.which("initdb"))


def browser() -> str | None:
    """Give the browser that is there."""
    return os.environ.get("CITYLOOP_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def chromium() -> bool:
    """Is a browser there?"""
    return browser() is not None


def cjk() -> bool:
    """Is there a face with Chinese characters?"""
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout)


def mosquitto() -> bool:
    """Is an MQTT broker there?"""
    return bool(broker())


def broker() -> str:
    """Give the program of the MQTT broker; Debian keeps it from the path of users."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or ""


# The shell without a face of its own costs a fifth of the whole browser; what it draws is the same.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")
LIGHT = BROWSERS[0]
PARTS = {"postgresql": postgresql, LIGHT: chromium, "fonts-noto-cjk": cjk, "mosquitto": mosquitto}


def missing() -> list[str]:
    """List what is missing, by the name of its Debian package."""
    return [package for package, there in PARTS.items() if not there()]


def install(packages: list[str]) -> None:
    """Install by apt, asking nothing."""
    print("Installing for the tests:", " ".join(packages), flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = ["-qq", "-o", "Dpkg::Use-Pty=0"]
    subprocess.run(["apt-get", *quiet, "update"], env=env, check=False, stdout=subprocess.DEVNULL)
    command = ["apt-get", *quiet, "install", "-y", "--no-install-recommends", *packages, "fontconfig"]
    subprocess.run(command, env=env, check=False, stdout=subprocess.DEVNULL)


def main() -> int:
    """Make sure of all parts, or say exactly which are wanting."""
    wanted = missing() or ([] if shutil.which(LIGHT) else [LIGHT])
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        install(wanted)
    if not missing():
        return 0
    print("The tests need these Debian packages (or the same from elsewhere):", " ".join(missing()), file=sys.stderr)
    print("Install them, for example: sudo apt-get install", " ".join(missing()), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
