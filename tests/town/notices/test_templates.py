import string

import pytest

from cityloop.town.notices import templates

pytestmark = pytest.mark.once
KINDS = [
    "received", "question_asked", "filed", "dispatched", "fixed_confirm", "closed_rate", "declined", "message", "urged",
    "warning_50", "warning_80", "warning_100", "warning_150", "webhook_parked", "fixed", "folded", "transferred",
    "suspended", "resumed",
    "news", "disputed", "confirm_mails", "area_news", "area_daily", "own_news", "tail",
]  # fmt: skip


def test_every_kind_is_said_in_both_languages_with_the_same_blanks():
    assert sorted(templates.table()) == sorted(KINDS)
    for kind, spoken in templates.table().items():
        assert set(spoken) == {"en", "zh-hans"}, kind
        assert _blanks(spoken["en"]) == _blanks(spoken["zh-hans"]), kind


def test_params_may_be_words_and_missing_ones_show():
    said = templates.render("fixed", "zh-hans", {"number": "NYC-1", "matter": {"en": "Noise", "zh-hans": "噪音"}})
    assert said.title == "已反馈处置完毕：NYC-1"
    assert "噪音" in said.body and "…" in said.body
    assert templates.render("filed", "fr", {"number": "1"}).title.startswith("Your report")


def test_hostile_params_stay_text():
    said = templates.render("filed", "en", {"number": "1\r\nBcc: x@y.zz", "matter": "{link.__class__} %s"})
    assert "\n" not in said.title and "\r" not in said.title
    assert "{link.__class__} %s" in said.body


def _blanks(words):
    return {name for text in words.values() for _, name, *_ in string.Formatter().parse(text) if name}
