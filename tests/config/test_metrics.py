"""Who may ask /metrics: nobody, until there is a word that nobody guesses."""

import os

import pytest

from cityloop.config.metrics import SHARED, metrics
from cityloop.ground.kit.refusal import Refusal


def test_without_a_word_nothing_is_made(tmp_path):
    assert metrics(" ", tmp_path) == "" and not list(tmp_path.iterdir())


@pytest.mark.parametrize("word", ["short", "x" * 15, "with a space in it", "ümlaut-and-long-enough"])
def test_a_word_that_is_guessed_or_no_header_holds_is_refused(tmp_path, word):
    with pytest.raises(Refusal, match="CITYLOOP_METRICS"):
        metrics(word, tmp_path)


def test_a_word_lets_all_processes_of_a_home_count_together(tmp_path, monkeypatch):
    monkeypatch.setenv(SHARED, "")
    monkeypatch.delenv(SHARED)  # set first, so that it is as it was afterwards
    assert metrics(" a-word-of-many-letters ", tmp_path) == "a-word-of-many-letters"
    assert os.environ[SHARED] == str(tmp_path / "metrics") and (tmp_path / "metrics").is_dir()
