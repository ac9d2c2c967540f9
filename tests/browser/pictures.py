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
from itertools import product
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests import parts

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-unsafe-swiftshader"]
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
LANGUAGES = {"en": "en", "zh": "zh-hans"}
THEMES = ("light", "dark")
SLOW = 180_000  # ms; on a machine that does much else
HERE = "lon=-73.9857&lat=40.7484"
PAGES = {
    "home": "/", "report-where": "/report", "report-what": f"/report?{HERE}", "report-send": f"/report?{HERE}",
    "follow": "", "inbox": "/desk/", "case": "", "map": "/desk/map",
}  # fmt: skip
SENSING = {"sensing": "/desk/alarms/?all=1", "quality": "/desk/sensors/quality"}  # of Tinglan, which has instruments
# The wall is dark, and for a large screen: the city of New York's cases, the instruments of Tinglan.
WALL = {"width": 1920, "height": 1080}
SHOWN = "/wall/?show=city,40&show=cases,40&show=sensing,40&within=95&over=1"
WALLS = {False: {"wall": SHOWN}, True: {"wall-sensing": f"{SHOWN}&at=2"}}
EPISODES = 200  # seconds until some of its alarms have come


def take(url: str, home: Path, folder: Path, *, sensing: bool = False) -> None:
    """Take every page at both sizes, in both languages and themes, the wall on its own, and write the page of all."""
    accounts = json.loads((home / "demo-accounts.json").read_text())
    dispatcher = next(a for a in accounts if a["role"] == "dispatcher")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=parts.browser(), args=FLAGS)
        signed, paths = _signed(browser, url, dispatcher) if sensing else _begun(browser, url, dispatcher)
        for size, language, theme in product(SIZES, LANGUAGES, THEMES):
            context = browser.new_context(base_url=url, viewport=SIZES[size], storage_state=signed)
            said = {"django_language": LANGUAGES[language], "cityloop_theme": theme}
            context.add_cookies([{"name": n, "value": v, "url": url} for n, v in said.items()])
            context.set_default_timeout(SLOW)
            page = context.new_page()
            for name, path in paths.items():
                page.goto(path)
                if name == "report-send":
                    page.locator(".offered button").first.click()
                _settle(page)
                _keep(page, folder / f"{name}-{size}-{language}-{theme}.webp")
            context.close()
        for (name, path), language in product(WALLS[sensing].items(), LANGUAGES):
            context = browser.new_context(base_url=url, viewport=WALL, storage_state=signed)
            context.add_cookies([{"name": "django_language", "value": LANGUAGES[language], "url": url}])
            context.set_default_timeout(SLOW)
            page = context.new_page()
            page.goto(path)
            _settle(page)
            _keep(page, folder / f"{name}-{language}.webp")
            context.close()
        browser.close()
    (folder / "README.md").write_text(shown(), encoding="utf-8")


def _at_desk(browser: Browser, url: str, account: dict[str, str]) -> Page:
    """Sign in, in English."""
    context = browser.new_context(base_url=url, locale="en-US")
    context.set_default_timeout(SLOW)
    page = context.new_page()
    page.goto("/desk/sign-in")
    page.fill("input[name=username]", account["user"])
    page.fill("input[name=password]", account["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/desk/")
    return page


def _signed(browser: Browser, url: str, account: dict[str, str]) -> tuple[Any, dict[str, str]]:
    """Sign in and wait until the town's instruments have raised some alarms; give the session and the addresses."""
    page = _at_desk(browser, url, account)
    page.wait_for_timeout(EPISODES * 1_000)
    state = page.context.storage_state()
    page.context.close()
    return state, SENSING


def _begun(browser: Browser, url: str, account: dict[str, str]) -> tuple[Any, dict[str, str]]:
    """Sign in, choose a case that is worked on, follow it as a resident; give the session and every address."""
    page = _at_desk(browser, url, account)
    context = page.context
    page.goto("/desk/cases/?state=handling")
    for number in page.locator("a[href*='/desk/cases/']").filter(has_text="-2018-").all_inner_texts():
        page.goto(f"/cases/{number.strip()}")
        form = page.locator(f"form[action$='/cases/{number.strip()}/follow']")
        if form.count():  # others were closed meanwhile, or are not for everybody
            break
    number = number.strip()
    sent = {name: form.locator(f"[name={name}]").input_value() for name in ("csrfmiddlewaretoken", "key")}
    told = context.request.post(f"/cases/{number}/follow", form=sent, headers={"Referer": page.url}, timeout=SLOW)
    follow = told.url.removesuffix("/sent").removeprefix(url)
    state = context.storage_state()
    context.close()
    return state, {**PAGES, "follow": follow, "case": f"/desk/cases/{number}"}


def _keep(page: Page, path: Path) -> None:
    """Write a picture as WebP: all of them together stay below 3 MB."""
    with Image.open(BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(path, quality=72, method=4)


def _settle(page: Page) -> None:
    page.wait_for_load_state("load")
    for chart in page.locator(".map").all():
        if chart.is_visible():
            chart.locator("xpath=self::*[@data-ready]").wait_for()
    page.wait_for_timeout(600)  # the last tiles are drawn


def shown() -> str:
    """Give the page that shows all pictures, one table for each page."""
    lines = [
        "# Pictures",
        "",
        "The demo city, as `make pictures` takes it: every page at 1440 × 900 and 390 × 844.",
        "",
    ]
    for name in (*PAGES, *SENSING):
        lines += [f"## {name}", "", "| | light | dark |", "| --- | --- | --- |"]
        for size, language in product(SIZES, LANGUAGES):
            cells = [_cell(f"{name}-{size}-{language}-{theme}.webp", size) for theme in THEMES]
            lines.append(f"| {size}, {'English' if language == 'en' else '简体中文'} | {' | '.join(cells)} |")
        lines.append("")
    for name in (*WALLS[False], *WALLS[True]):
        cells = [f'<img src="{name}-{language}.webp" width="420" alt="{name}-{language}">' for language in LANGUAGES]
        lines += [f"## {name}", "", "| English | 简体中文 |", "| --- | --- |", f"| {' | '.join(cells)} |", ""]
    return "\n".join(lines[:-1]) + "\n"


def _cell(file: str, size: str) -> str:
    return f'<img src="{file}" width="{420 if size == "desk" else 200}" alt="{file.removesuffix(".webp")}">'


@contextmanager
def demo(
    port: int = int(os.environ.get("CITYLOOP_PICTURES_PORT", "8397")), city: str = "new_york"
) -> Iterator[tuple[str, Path]]:
    """Serve a demo city in a folder of its own; give its address and that folder."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "cityloop.doors.cli.main", "demo", "--port", str(port), "--city", city]
        process = subprocess.Popen(command, env={**os.environ, "CITYLOOP_HOME": home}, stdout=subprocess.DEVNULL)
        try:
            _wait(f"http://127.0.0.1:{port}/readyz")
            yield f"http://127.0.0.1:{port}", Path(home)
        finally:
            process.terminate()
            process.wait(20)


def _wait(address: str, seconds: float = 240) -> None:
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
    with demo(city="tinglan") as (url, home):
        take(url, home, Path(sys.argv[1]), sensing=True)
