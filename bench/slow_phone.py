"""The public pages on a slow phone: 4 × slower, 1.6 Mbit/s, 150 ms away; and what Lighthouse looks at, as figures.

The town is served as it is in use; the browser is throttled by its own protocol. Each page is opened several times
with nothing kept, and the median told. Of a city in earnest the settings are asked whether cookies need https.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.house import House, served

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("/", "/report", "/follow", "/near")
TIMES = 5
SLOWER, BITS, AWAY = 4, 1.6e6, 150
READABLE, WEIGHT = 1_000, 150_000
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-unsafe-swiftshader")
FOUND = "from tests.journeys.town import found; found()"
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
SKEWED = (
    "() => [...document.images].filter(i => i.naturalWidth && getComputedStyle(i).objectFit === 'fill'"
    " && Math.abs(i.naturalWidth / i.naturalHeight - i.clientWidth / i.clientHeight) > 0.05).length"
)
IN_EARNEST = (
    "from django.conf import settings as s;"
    "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.LANGUAGE_COOKIE_SECURE, s.SECURE_SSL_REDIRECT)"
)


def run() -> list[dict[str, Any]]:
    """Measure."""
    os.environ.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-") as home:
        os.environ |= {"CITYLOOP_HOME": home, "DJANGO_SETTINGS_MODULE": "cityloop.config.settings"}
        with served() as house:
            python(FOUND)
            return [*figures(house), secure()]


def python(code: str, **env: str) -> str:
    """Run Python inside the city's Django, in a process of its own, and give what it prints."""
    command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
    done = subprocess.run(command, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return done.stdout


def secure() -> dict[str, Any]:
    """Tell whether a city in earnest lets cookies and pages go by https alone."""
    env = {"CITYLOOP_SECRET_KEY": "x" * 60, "CITYLOOP_PRODUCTION": "1"}
    told = python(IN_EARNEST, **env).split()
    return row("best practice: settings of https that are off in earnest", told.count("False"), "", 0)


def figures(house: House) -> Iterator[dict[str, Any]]:
    """Open each page as a slow phone does, then look at it."""
    from playwright.sync_api import sync_playwright

    from tests import parts

    path = parts.browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        for page in PAGES:
            for _warm in range(4):  # both workers have read what they read once
                browser.new_context().request.get(f"http://127.0.0.1:{house.port}{page}")
            yield readable(browser, house, page)
            yield from looked_at(browser, house, page)
        browser.close()


def readable(browser: Any, house: House, path: str) -> dict[str, Any]:
    """Give the time until something can be read, with nothing kept from before."""
    times = []
    for _time in range(TIMES):
        context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True)
        page = context.new_page()
        wire = context.new_cdp_session(page)
        speed = {"downloadThroughput": BITS / 8, "uploadThroughput": BITS / 8, "latency": AWAY, "offline": False}
        wire.send("Network.enable")
        wire.send("Network.emulateNetworkConditions", speed)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(f"http://127.0.0.1:{house.port}{path}")
        page.wait_for_function(PAINTED)
        times.append(page.evaluate(PAINTED))
        context.close()
    value = statistics.median(times)
    return row(f"{path}: first contentful paint on a slow phone", value, "ms", READABLE)


def looked_at(browser: Any, house: House, path: str) -> Iterator[dict[str, Any]]:
    """Give what Lighthouse looks at: weight, what blocks, compression, caching, axe, and good practice."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    answers: list[Any] = []
    faults: list[str] = []
    page.on("requestfinished", lambda request: answers.append((request.response(), request.sizes())))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    first = page.goto(f"http://127.0.0.1:{house.port}{path}")
    page.wait_for_load_state("networkidle")
    beside = [(a, s) for a, s in answers if not any(part in a.url for part in ("/map", "maplibre", "/tiles/"))]
    texts = [a for a, s in beside if s["responseBodySize"] > 1400 and "image/png" not in a.headers["content-type"]]
    built = [a for a, _s in beside if "/static/build/assets/" in a.url]
    elsewhere = [a for a, _s in answers if not a.url.startswith((f"http://127.0.0.1:{house.port}", "blob:", "data:"))]
    yield row(f"{path}: weight without the map", sum(s["responseBodySize"] for _a, s in beside), "bytes", WEIGHT)
    yield row(f"{path}: answers from other servers", len(elsewhere), "", 0)
    yield row(f"{path}: texts sent uncompressed", sum("content-encoding" not in a.headers for a in texts), "", 0)
    kept = sum("immutable" not in a.headers.get("cache-control", "") for a in built)
    yield row(f"{path}: built files not kept for ever", kept, "", 0)
    blocking = page.locator("head script:not([type=module]):not([async]):not([defer])").count()
    yield row(f"{path}: scripts that block reading", blocking, "", 0)
    yield row(f"{path}: accessibility, violations axe finds", violations(page), "", 0)
    policy = first.headers.get("content-security-policy", "")
    yield row(f"{path}: best practice, no policy of content", int("script-src 'self'" not in policy), "", 0)
    yield row(f"{path}: best practice, errors in the console", len(faults), "", 0)
    yield row(f"{path}: best practice, no doctype", int(not first.text().startswith("<!doctype html>")), "", 0)
    yield row(f"{path}: best practice, pictures out of shape", page.evaluate(SKEWED), "", 0)
    context.close()


def violations(page: Any) -> int:
    """Count what axe-core finds."""
    source = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
    page.evaluate(f"() => {{ {source} }}")
    return int(page.evaluate("async () => (await axe.run(document)).violations.length"))


def row(name: str, value: float, unit: str, most: float) -> dict[str, Any]:
    """Give a figure with the most it may be."""
    goal = f"< {most:g}" if most else "0"
    holds = value < most if most else value == 0
    return {"name": name, "value": round(value, 1), "unit": unit, "goal": goal, "holds": holds}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
