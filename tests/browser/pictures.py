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


def take(url: str, home: Path, folder: Path) -> None:
    """Take every page at both sizes, in both languages and both themes, and write the page that shows them."""
    accounts = json.loads((home / "demo-accounts.json").read_text())
    dispatcher = next(a for a in accounts if a["role"] == "dispatcher")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        signed, paths = _begun(browser, url, dispatcher)
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
        browser.close()
    (folder / "README.md").write_text(shown(), encoding="utf-8")


def _begun(browser: Browser, url: str, account: dict[str, str]) -> tuple[Any, dict[str, str]]:
    """Sign in, choose a case that is worked on, follow it as a resident; give the session and every address."""
    context = browser.new_context(base_url=url, locale="en-US")
    context.set_default_timeout(SLOW)
    page = context.new_page()
    page.goto("/desk/sign-in")
    page.fill("input[name=username]", account["user"])
    page.fill("input[name=password]", account["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/desk/")
    page.goto("/desk/cases/?state=handling")
    number = page.locator("a[href*='/desk/cases/']").filter(has_text="-2018-").first.inner_text().strip()
    page.goto(f"/cases/{number}")
    form = page.locator(f"form[action$='/cases/{number}/follow']")
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
    for name in PAGES:
        lines += [f"## {name}", "", "| | light | dark |", "| --- | --- | --- |"]
        for size, language in product(SIZES, LANGUAGES):
            cells = [_cell(f"{name}-{size}-{language}-{theme}.webp", size) for theme in THEMES]
            lines.append(f"| {size}, {'English' if language == 'en' else '简体中文'} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _cell(file: str, size: str) -> str:
    return f'<img src="{file}" width="{420 if size == "desk" else 200}" alt="{file.removesuffix(".webp")}">'


@contextmanager
def demo(port: int = int(os.environ.get("CITYLOOP_PICTURES_PORT", "8397"))) -> Iterator[tuple[str, Path]]:
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
