"""The line to the stream: over TLS from the first byte on, where the city says so, or not at all."""

import asyncio
import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings

from cityloop.doors.web.health import fault_of_stream
from cityloop.loops.sensing.jetstream.line import connected
from cityloop.loops.sensing.jetstream.worker import AWAY
from tests.faults.nats import Nats

pytestmark = pytest.mark.once


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate that speaks for itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stream")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(here, critical=False).add_extension(x509.BasicConstraints(True, None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, kept = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files = folder / "stream.pem", folder / "stream.key"
    files[0].write_bytes(made.public_bytes(pem))
    files[1].write_bytes(key.private_bytes(pem, kept, serialization.NoEncryption()))
    return files


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Nats]:
    made = Nats(tmp_path)
    yield made
    made.end()


def reached(address: str) -> bool:
    async def ask() -> bool:
        try:
            async with connected() as line:
                return await line.turn(0) is None
        except AWAY:
            return False

    with override_settings(STREAM=[address]):
        found = asyncio.run(ask())
        assert bool(asyncio.run(fault_of_stream())) is not found
    return found


def test_with_tls_or_not_at_all(broker: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cert, key = certificate(tmp_path)
    (tmp_path / "conf").write_text(f'tls {{ cert_file: "{cert}", key_file: "{key}", handshake_first: true }}')
    secure = broker.url.replace("nats:", "tls:")
    broker.start()
    assert reached(broker.url) and not reached(secure)
    broker.end()
    broker.start("-c", str(tmp_path / "conf"))
    assert not reached(secure)  # nobody knows who that is
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    assert reached(secure)


def test_a_wrong_password_is_no_way_in(broker: Nats) -> None:
    broker.start()
    with override_settings(STREAM=[broker.url.replace("secret", "guessed")]), pytest.raises(AWAY):
        asyncio.run(_nothing())
    assert reached(broker.url)


async def _nothing() -> None:
    async with connected():
        pass
