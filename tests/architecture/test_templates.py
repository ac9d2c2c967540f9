"""Templates: every icon is in the sprite, nothing runs inline, every sentence has its Chinese."""

import json
import re
from pathlib import Path

from cityloop.doors.cli import catalogue

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "cityloop").glob("**/templates/**/*.html"))
INLINE = re.compile(r'<script(?![^>]*\bsrc=)(?![^>]*type="application/json")|\son[a-z]+="|href="javascript:', re.I)
# What stands between tags but is not shown, and what Django puts there itself.
UNSEEN = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|<!--.*?-->|<(script|style).*?</\1>", re.S)
MADE = re.compile(
    r"{% block body_class %}.*?{% endblock %}|{%\s*blocktrans.*?{%\s*endblocktrans\w*\s*%}|{%.*?%}|{{.*?}}", re.S
)
ICON = re.compile(r"{%\s*icon\s+\"([\w-]+)\"")


def test_icons_are_in_the_sprite():
    sprite = set(json.loads((ROOT / "frontend" / "icons.json").read_text()))
    used = {name for path in TEMPLATES for name in ICON.findall(path.read_text())}
    assert used - sprite == set()


def test_nothing_runs_inline():
    """The content security policy forbids it; here it is found before a browser does."""
    assert [str(p.relative_to(ROOT)) for p in TEMPLATES if INLINE.search(p.read_text())] == []


def test_every_sentence_has_its_chinese():
    found = catalogue.collect()
    assert len(found) > 40
    wanting = [w for path in catalogue.catalogues() for w in catalogue.wanting(path, found)]
    assert [f"{w['where']} {w['message']}" for w in wanting] == []


def test_no_words_outside_translation():
    """Words between tags must go through translate, or they stay English for ever."""
    wrong = []
    for path in TEMPLATES:
        text = MADE.sub("", UNSEEN.sub("", path.read_text()))
        words = [w.strip() for w in re.findall(r">([^<>]+)<", text)]
        wrong += [f"{path.relative_to(ROOT)}: {w}" for w in words if re.search(r"[A-Za-z]{2,}", w) and w not in BARE]
    assert wrong == []


# Names and signs that are the same in every language.
BARE = {"Ctrl", "Esc", "Cityloop", "· Cityloop", "Enter", "E-400", "E-403", "E-404", "E-403-F", "CSV", "JSON", "PDF"}


def test_nothing_stands_before_what_a_page_is_built_on():
    """What stood there, a line break too, would come before the page's doctype."""
    built = [path for path in TEMPLATES if "{% extends" in path.read_text(encoding="utf-8")]
    late = [path.name for path in built if not path.read_text(encoding="utf-8").startswith("{% extends")]
    assert built and late == []
