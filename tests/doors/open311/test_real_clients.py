"""A running server as programs meet it: the published client `georeport` reads; a client of plain HTTP and XML files.

`georeport` (0.3.1) has no call that sends, in either form: sending is done over a socket, as any program does.
"""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
import pytest
from georeport import GeoReport
from PIL import Image

from tests.doors.open311.client import check_requests, check_services, check_updates, of_xml
from tests.faults.house import House

pytestmark = pytest.mark.xdist_group("small house")
GOOD = {"service_code": "tree", "lat": "50.07", "long": "10.05", "description": "A tree & a <fence>, 树倒了"}


@pytest.fixture(scope="module")
def served(small_house: House) -> House:
    return small_house


def ask(served: House, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any, Any]:
    """Ask once over a socket; give status, headers, and the body as its bytes."""
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    link.request(method, path, body or None, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = link.getresponse()
    text = answer.read()
    link.close()
    return answer.status, answer.headers, text


def send(served: House, path: str = "requests", **more: str) -> tuple[int, Any]:
    body = urlencode({"api_key": served.keys["parks"], **more}).encode()
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    status, headers, text = ask(served, "POST", f"/open311/v2/{path}.xml", body, Content_Type=kind)
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    return status, of_xml(ElementTree.fromstring(text))


def test_discovery_leads_to_the_endpoint(served: House) -> None:
    status, _, text = ask(served, "GET", "/open311/discovery.xml")
    (endpoint,) = of_xml(ElementTree.fromstring(text))["endpoints"]
    assert status == 200 and endpoint["url"] == f"http://127.0.0.1:{served.port}/open311/v2"


@pytest.mark.parametrize("form", ["json", "xml"])
def test_the_published_client_reads_what_was_sent(served: House, form: str) -> None:
    status, (made,) = send(served, **GOOD, email="jane@example.org", address_string=f"sent for {form}")
    assert status == 200
    status, (second,) = send(served, **GOOD, service_request="x", address_string=f"another for {form}")
    client = GeoReport(f"http://127.0.0.1:{served.port}/open311/v2", jurisdiction="smallville", output_format=form)
    services = client.get_service_list()
    check_services(services)
    assert {s["service_code"] for s in services} == {"tree", "hole", "secret"}
    assert client.get_service_definition("tree")["service_code"] == "tree"
    number = made["service_request_id"]
    one = client.get_service_request(number)
    check_requests([one])
    assert (one["service_request_id"], one["status"], one["description"]) == (number, "open", "Fallen tree")
    listed = client.get_service_requests(service_code="tree", status="open")
    check_requests(listed)
    assert {number, second["service_request_id"]} <= {r["service_request_id"] for r in listed}
    both = client.get_service_requests(service_request_id=f"{number},{second['service_request_id']}")
    assert [r["service_request_id"] for r in both] == [second["service_request_id"], number]
    start = one["requested_datetime"]
    found = client.get_service_requests(start_date=start, end_date=start)
    assert one in (found if isinstance(found, list) else [found])  # its XML reader gives one alone without a list


def test_sent_twice_it_is_one(served: House) -> None:
    first = send(served, **GOOD, address_string="twice")
    assert send(served, **GOOD, address_string="twice") == first
    changed = send(served, **GOOD, address_string="thrice")
    assert changed[1][0]["service_request_id"] != first[1][0]["service_request_id"]


def test_sent_by_many_at_once_it_is_one(served: House) -> None:
    gate = threading.Barrier(6)

    def work(_: int) -> Any:
        gate.wait()
        return send(served, **GOOD, address_string="at once")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(work, range(6)))
    assert [status for status, _ in answers] == [200] * 6
    assert len({said[0]["service_request_id"] for _, said in answers}) == 1


def test_a_large_photo_goes_along(served: House) -> None:
    noise = BytesIO()
    Image.effect_noise((1200, 900), 90).save(noise, "JPEG", quality=95)
    assert len(noise.getvalue()) > 300_000  # more than the short way takes

    def post() -> Any:
        photo = {"media": ("place.jpg", noise.getvalue(), "image/jpeg")}
        sent = {"api_key": served.keys["parks"], **GOOD, "address_string": "with a photo"}
        url = f"http://127.0.0.1:{served.port}/open311/v2/requests.json"
        return httpx.post(url, data=sent, files=photo, timeout=20)

    first = post()
    assert first.status_code == 200, first.text
    assert post().json() == first.json()


def test_an_update_is_sent_and_others_are_read(served: House) -> None:
    _, (made,) = send(served, **GOOD, address_string="updated")
    number = made["service_request_id"]
    status, _ = served.act(number, "file", "shift", 1)
    assert status == 200
    status, (added,) = send(
        served, "servicerequestupdates", service_request_id=number, update_id="7", description="Still there"
    )
    assert status == 200 and added["update_id"] == f"{number}-3"
    status, headers, text = ask(served, "GET", f"/open311/v2/servicerequestupdates.xml?service_request_id={number}")
    found = of_xml(ElementTree.fromstring(text))
    check_updates(found)
    assert [(u["update_id"], u["status"]) for u in found] == [(f"{number}-2", "OPEN")]


def test_the_connection_survives_a_head(served: House) -> None:
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    for method in ("HEAD", "GET", "HEAD", "GET"):
        link.request(method, "/open311/v2/services.json")
        answer = link.getresponse()
        assert answer.status == 200 and bool(answer.read()) == (method == "GET")
    link.close()


def test_errors_large_bodies_and_both_ways_through_the_server(served: House) -> None:
    status, (error,) = send(served, **{**GOOD, "service_code": "nothing"})
    assert status == 404 and error["description"].startswith("service_code: ")
    status, (error,) = send(served, **{**GOOD, "api_key": "wrong"})
    assert status == 403
    for size in (100_000, 1_000_000):  # the short way, and the general one
        status, (error,) = send(served, **{**GOOD, "description": "x" * size})
        assert status == 400 and error["description"].startswith("description: ")
    status, (error,) = send(served, **{**GOOD, "description": "x" * 5_000_000})
    assert status == 413
    status, headers, text = ask(served, "GET", "/open311/v2/nothing.json")
    assert status == 404 and headers["Content-Type"] == "application/json; charset=utf-8"
    status, headers, text = ask(served, "GET", "/open311/v2/services.xml", Host="evil.example")
    assert status == 400 and of_xml(ElementTree.fromstring(text))[0]["code"] == "400"
    assert served.verify() == []
