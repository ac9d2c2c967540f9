"""The city's signing key is made once, however many ask for it first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cityloop.town.ledger import keys


@pytest.mark.once
def test_many_who_ask_first_at_once_get_one_key(settings, tmp_path):
    for n in range(20):
        settings.HOME = tmp_path / str(n)
        together = Barrier(8)

        def ask(together=together):
            together.wait()
            return keys.public_bytes()

        with ThreadPoolExecutor(8) as threads:
            found = {one.result() for one in [threads.submit(ask) for _ in range(8)]}
        assert len(found) == 1
        assert [path.name for path in (settings.HOME / "keys").iterdir()] == ["ledger-ed25519.pem"]
