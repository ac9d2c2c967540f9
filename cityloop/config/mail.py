"""CITYLOOP_SMTP → Django's settings for e-mail: a server, or files in the home folder."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cityloop.ground.kit.refusal import Refusal

PORTS = {"smtp": 587, "smtps": 465}


def mail(url: str, sender: str, home: Path) -> dict[str, Any]:
    """Give the settings; without a server each mail is written to `outbox`, so that none is lost or tried for ever."""
    common = {"DEFAULT_FROM_EMAIL": sender, "SERVER_EMAIL": sender, "EMAIL_TIMEOUT": 20}
    return common | (server(url) if url else files(home / "outbox"))


def files(folder: Path) -> dict[str, Any]:
    """Write mails into a folder only its owner reads."""
    folder.mkdir(mode=0o700, exist_ok=True)
    return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": str(folder)}


def server(url: str) -> dict[str, Any]:
    """`smtp://` begins in the clear and turns to TLS, `smtps://` is TLS from the first byte."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise Refusal("config.smtp", "CITYLOOP_SMTP is smtp://user:password@host:port or smtps://…")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }
