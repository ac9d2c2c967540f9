"""Where the stream is: read, or refused."""

import pytest

from cityloop.config import stream as config
from cityloop.config.stream import stream
from cityloop.ground.kit.refusal import Refusal

pytestmark = pytest.mark.once


def test_where_the_stream_is() -> None:
    assert stream("") == stream(" ") == []
    assert stream("nats://a:b%20c@one:4222, nats://two") == ["nats://a:b%20c@one:4222", "nats://two"]


@pytest.mark.parametrize(
    "wrong", ["x", "http://host", "nats://", "nats://host:port", "nats://host, x", "nats://one,tls://two"]
)
def test_what_is_no_stream_is_refused(wrong: str) -> None:
    with pytest.raises(Refusal):
        stream(wrong)


def test_a_city_without_the_client_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "find_spec", lambda _name: None)
    assert stream("") == []
    with pytest.raises(Refusal, match="cityloop\\[stream\\]"):
        stream("nats://host")
