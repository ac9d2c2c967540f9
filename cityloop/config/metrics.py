"""CITYLOOP_METRICS: the word by which a Prometheus may ask for what the city's machines do. Without one nobody may."""

import os
from pathlib import Path

from cityloop.ground.kit.refusal import Refusal

LEAST = 16
FOLDER = "metrics"  # in the home folder: what each process of this machine has counted
SHARED = "PROMETHEUS_MULTIPROC_DIR"  # which its library reads when it is loaded


def metrics(text: str, home: Path) -> str:
    """Read the word; where there is one, all processes of this home count together, in files of its folder."""
    word = text.strip()
    if word and (len(word) < LEAST or not word.isascii() or not word.isprintable() or " " in word):
        raise Refusal(
            "config.metrics", "CITYLOOP_METRICS is a word of at least {least} letters and digits that nobody guesses.",
            least=LEAST,
        )  # fmt: skip
    if word and SHARED not in os.environ:
        folder = home / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ[SHARED] = str(folder)
    return word
