"""`$batch`: parts in their order, change sets whole or not at all, references to what was just made."""

import json
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import Any

from cityloop.loops.sensing.models import Datastream, Latest, Sensor, Thing
from tests.doors.sensorthings.conftest import ROOT, Door
from tests.loops.sensing.instruments import station, stream

Request = tuple[Any, ...]  # method, address, body, content id


def part(method: str, url: str, body: Any = None, name: str = "") -> bytes:
    text = b"" if body is None else json.dumps(body).encode()
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    head += f"Content-ID: {name}\r\n" if name else ""
    inner = f"{method} {url} HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\n\r\n"
    return f"{head}\r\n{inner}".encode() + text


def together(parts: list[bytes], boundary: str) -> bytes:
    line = f"--{boundary}".encode()
    return b"".join(line + b"\r\n" + one + b"\r\n" for one in parts) + line + b"--"


def changes(*requests: Request) -> bytes:
    made = together([part(*one) for one in requests], "inner")
    return b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n" + made


def send(door: Door, *parts: bytes, **headers: str) -> list[Any]:
    """Send a batch; give status, headers and JSON of each answer, change sets as lists of them."""
    answer = door.client.post(
        "/sta/v1.1/$batch", together(list(parts), "outer"), 'multipart/mixed; boundary="outer"', headers=headers
    )
    assert answer.status_code == 200 and answer["Content-Type"].startswith("multipart/mixed; boundary="), answer.content
    head = f"Content-Type: {answer['Content-Type']}\r\n\r\n".encode()
    return [told(one) for one in BytesParser(policy=policy.HTTP).parsebytes(head + answer.content).get_payload()]


def told(one: Message) -> Any:
    if one.is_multipart():
        return [told(inner) for inner in one.get_payload()]
    content = one.get_payload(decode=True)
    first, _line, rest = content.partition(b"\r\n")
    inner = BytesParser(policy=policy.HTTP).parsebytes(rest)
    body = inner.get_payload(decode=True)
    assert len(body) == int(inner["Content-Length"])
    return int(first.split()[1]), inner.get("Location", ""), json.loads(body) if body else None


SENSOR = {"name": "Box", "description": "", "encodingType": "text/plain", "metadata": ""}


def test_parts_are_answered_in_their_order(door: Door) -> None:
    door.add("Things", station())
    pm = Datastream.objects.get().pk
    reading = {"phenomenonTime": "2026-01-01T00:00:00Z", "result": 1, "Datastream": {"@iot.id": pm}}
    answers = send(
        door, part("GET", "Things?$select=name"), part("POST", "/sta/v1.1/Observations", reading),
        part("POST", f"{ROOT}/Observations", reading), part("PATCH", f"{ROOT}/Datastreams({pm})", {"name": "né 新"}),
        part("GET", f"Datastreams({pm})?$select=name&$expand=Observations($top=1)"),
    )  # fmt: skip
    assert [one[0] for one in answers] == [200, 201, 200, 200, 200]
    assert answers[0][2]["value"] == [{"name": "Station"}] and answers[1][1].startswith(f"{ROOT}/Observations('{pm}-")
    assert answers[4][2]["name"] == "né 新" and answers[4][2]["Observations"][0]["result"] == 1


def test_a_change_set_names_what_it_has_just_made(door: Door) -> None:
    body = {**stream("CO"), "Sensor": {"@iot.id": "$box"}}
    [made, read] = send(
        door,
        changes(("POST", "Sensors", SENSOR, "box"), ("POST", "Things", {"name": "Mast", "description": ""}, "1"),
                ("POST", "$1/Datastreams", body, "s"), ("POST", "$s/Observations", {"result": 4}),
                ("PATCH", "$1", {"name": "High mast"})),
        part("GET", "$1/Datastreams?$expand=Sensor"),
    )  # fmt: skip
    assert [one[0] for one in made] == [201, 201, 201, 201, 200]
    assert read[0] == 200 and read[2]["value"][0]["Sensor"]["name"] == "Box"
    assert Thing.objects.get().name == "High mast" and Latest.objects.get().result == 4


def test_a_change_set_is_done_whole_or_not_at_all(door: Door) -> None:
    wrong = ("POST", "Datastreams", {**stream("CO"), "Thing": {"@iot.id": 999_999_999}})
    after = part("POST", "Sensors", {**SENSOR, "name": "after"})
    answers = send(door, changes(("POST", "Sensors", SENSOR, "box"), wrong), after)
    assert [one[0] for one in answers] == [404] and not Sensor.objects.exists()
    lost = part("GET", "$box")  # it was taken back with the rest
    answers = send(
        door, changes(("POST", "Sensors", SENSOR, "box"), wrong), lost, after, prefer="odata.continue-on-error"
    )
    assert [one[0] for one in answers] == [404, 404, 201]
    assert [one.name for one in Sensor.objects.all()] == ["after"]
    assert send(door, changes(("GET", "Sensors")))[0][2]["refusal"] == "sensing.batch.get"
    unknown = {**stream("CO"), "Sensor": {"@iot.id": "$nobody"}}
    assert send(door, part("POST", "Datastreams", unknown))[0][2]["refusal"] == "sensing.batch.reference"


def test_who_sends_and_what_is_no_batch(door: Door) -> None:
    def refused(body: bytes, kind: str, asks: Door = door) -> tuple[int, str]:
        answer = asks.ask("POST", "$batch", body, kind)
        return answer.status_code, answer.told["refusal"]

    good = together([part("GET", "Things")], "outer")
    assert refused(good, "multipart/mixed; boundary=outer", Door()) == (401, "sensing.key")
    assert refused(good, "application/json") == refused(good, "multipart/mixed") == (400, "sensing.batch.kind")
    assert refused(b"nothing", "multipart/mixed; boundary=outer")[0] == 400
    bad = [b"Content-Type: text/plain\r\n\r\nx", b"Content-Type: application/http\r\n\r\nJUMP x", b""]
    for one in bad:
        assert send(door, one)[0][2]["refusal"] == "sensing.batch.part"
    assert send(door, part("POST", "$batch", {}))[0][0] == 400
    many = [part("GET", "Things?$top=0")] * 1001
    assert send(door, *many)[-1][2]["refusal"] == "sensing.batch.many"
