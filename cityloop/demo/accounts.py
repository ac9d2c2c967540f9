"""The list of the demo's accounts, in a file only its owner can read. Plain Python: the smallest process reads it."""

import json
import os
from pathlib import Path

FILE = "demo-accounts.json"


def keep(home: Path, accounts: list[dict[str, str]]) -> None:
    """Write the accounts down."""
    path = home / FILE
    draft = path.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(accounts, file, indent=1, ensure_ascii=False)
    draft.replace(path)


def accounts(home: Path) -> list[dict[str, str]]:
    """Give the accounts as they were written down."""
    path = home / FILE
    found: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return found
