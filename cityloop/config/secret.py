"""This city's secret: its own in production, a made one in development."""

import os
import secrets
from pathlib import Path

from cityloop.ground.kit.refusal import Refusal
from cityloop.home import home

DEVELOPMENT_PREFIX = "development-"


def production() -> bool:
    """Say whether this is a city in earnest, where convenience gives way to safety."""
    return os.environ.get("CITYLOOP_PRODUCTION", "") in ("1", "true", "yes")


def secret_key() -> str:
    """Give the secret that signs sessions; in development one is made and kept in the home folder."""
    given = os.environ.get("CITYLOOP_SECRET_KEY", "")
    if production():
        return _fit_for_production(given)
    return given or _development_key(home() / "secret.key")


def older_secrets() -> list[str]:
    """Give the secrets that were the city's before: what they sealed and signed is still read, nothing new is."""
    return [key for key in os.environ.get("CITYLOOP_OLD_SECRET_KEYS", "").split(",") if key]


def _fit_for_production(key: str) -> str:
    if len(key) < 32 or key.startswith(DEVELOPMENT_PREFIX):
        raise Refusal(
            "config.secret",
            "CITYLOOP_PRODUCTION is set, so CITYLOOP_SECRET_KEY must hold a secret of your own of at least 32 "
            'characters. Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
        )
    return key


def _development_key(path: Path) -> str:
    """Read the key, or make it; of two processes starting at once, the first one's key stays."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(DEVELOPMENT_PREFIX + secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
