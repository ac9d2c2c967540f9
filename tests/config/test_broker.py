"""Where the broker is: read, or refused."""

import pytest

from cityloop.config.broker import broker
from cityloop.ground.kit.refusal import Refusal

pytestmark = pytest.mark.once


def test_where_the_broker_is() -> None:
    assert broker("") is None
    assert broker("mqtt://a:b%20c@host") == ("host", 1883, False, "a", "b c", "in/")
    assert broker("mqtt://a:b@host", below="") == ("host", 1883, False, "a", "b", "")
    assert broker("mqtts://host:1/x/y/") == ("host", 1, True, "", "", "x/y/")


@pytest.mark.parametrize("wrong", ["x", "http://host", "mqtt://", "mqtt://host:port"])
def test_what_is_no_broker_is_refused(wrong: str) -> None:
    with pytest.raises(Refusal):
        broker(wrong)
