"""Takes the pictures of README and docs from a demo city started for it: `make pictures`."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-unsafe-swiftshader"]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def take(url: str, home: Path, folder: Path) -> None:
    """Take every picture, at both sizes and in both languages where the page is for everybody."""
    accounts = json.loads((home / "demo-accounts.json").read_text())
    dispatcher = next(a for a in accounts if a["role"] == "dispatcher")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        _public(browser, url, folder)
        _desk(browser, url, dispatcher, folder)
        browser.close()


def _public(browser: Browser, url: str, folder: Path) -> None:
    for language, short in (("en-US", "en"), ("zh-CN", "zh")):
        page = browser.new_context(viewport=PHONE, locale=language, device_scale_factor=2).new_page()
        _shot(page, f"{url}/report", folder / f"report-phone-{short}.png")


def _desk(browser: Browser, url: str, account: dict[str, str], folder: Path) -> None:
    for language, short in (("en-US", "en"), ("zh-CN", "zh")):
        page = browser.new_context(viewport=DESK, locale=language).new_page()
        page.goto(f"{url}/desk/sign-in")
        page.fill("input[name=username]", account["user"])
        page.fill("input[name=password]", account["password"])
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/desk/")
        _shot(page, f"{url}/desk/", folder / f"inbox-{short}.png")
        page.goto(f"{url}/desk/cases/?state=handling")
        page.locator("a[href*='/desk/cases/']").filter(has_text="-2018-").first.click()
        _settle(page)
        _keep(page, folder / f"case-{short}.png")
        _shot(page, f"{url}/desk/map", folder / f"map-{short}.png")


def _shot(page: Page, url: str, path: Path) -> None:
    page.goto(url)
    _settle(page)
    _keep(page, path)


def _keep(page: Page, path: Path) -> None:
    """Write a picture in 256 colours: a third of the bytes, and nobody sees the difference on our pages."""
    with Image.open(BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def _settle(page: Page) -> None:
    page.wait_for_load_state("load")
    page.wait_for_timeout(2500)  # the map draws


@contextmanager
def demo(port: int = 8397) -> Iterator[tuple[str, Path]]:
    """Serve a demo city in a folder of its own; give its address and that folder."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "cityloop.doors.cli.main", "demo", "--port", str(port)]
        process = subprocess.Popen(command, env={**os.environ, "CITYLOOP_HOME": home}, stdout=subprocess.DEVNULL)
        try:
            _wait(f"http://127.0.0.1:{port}/readyz")
            yield f"http://127.0.0.1:{port}", Path(home)
        finally:
            process.terminate()
            process.wait(20)


def _wait(address: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.5)
    raise SystemExit(f"{address} does not answer.")


if __name__ == "__main__":
    with demo() as (url, home):
        take(url, home, Path(sys.argv[1]))
