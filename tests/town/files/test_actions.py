from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from cityloop.config import wiring
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.files import actions, queries
from cityloop.town.files.models import File
from cityloop.town.files.ports import Reader
from tests.town.files import hostile

pytestmark = pytest.mark.django_db
AT = 1_540_000_000_000_000
BY = Actor(kind="person", role="crew", person=7, post=3)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def keep(data, subject="case:1"):
    return actions.keep(SimpleUploadedFile("x.html", data, "text/html"), subject=subject, by=BY, at=AT)


def stored(media: Path):
    return sorted(path for path in media.rglob("*") if path.is_file())


def test_kept_with_thumbnails_place_and_hash(media):
    file = keep(hostile.jpeg((400, 300), exif=hostile.located(1)))
    assert (file.mime, file.width, file.height, file.by_person, file.subject) == ("image/jpeg", 400, 300, 7, "case:1")
    assert file.lat == pytest.approx(40.7125) and file.taken_at == 1_540_137_605_000_000
    assert len(stored(media)) == 3
    with queries.opened(file) as whole, queries.opened(file, 320) as small:
        assert Image.open(BytesIO(whole.read())).size == (400, 300)
        assert Image.open(BytesIO(small.read())).size == (320, 240)
    with pytest.raises(Refusal):
        queries.opened(file, 64)


def test_equal_pictures_share_bytes_but_not_rows(media):
    one, two = keep(hostile.jpeg()), keep(hostile.jpeg(), "case:2")
    assert one.sha256 == two.sha256 and one.uuid != two.uuid
    assert len(stored(media)) == 3
    assert [f.pk for f in queries.of("case:2")] == [two.pk]
    assert queries.of_many(["case:1", "case:2", "case:3"]) == {"case:1": [one], "case:2": [two]}


@pytest.mark.parametrize("data", [b"", hostile.SVG, hostile.jpeg()[:150], hostile.jpeg() + b"\0" * (20 * 1024 * 1024)])
def test_a_refused_file_leaves_nothing(media, data):
    with pytest.raises(Refusal) as caught:
        keep(data)
    assert caught.value.field == "photo"
    assert not File.objects.exists() and not stored(media)


def test_the_hash_is_no_key_and_nobody_reads_unless_the_owner_of_the_subject_says_so(monkeypatch):
    file = keep(hostile.jpeg())
    monkeypatch.delitem(wiring.PORTS, Reader, raising=False)
    for key in (file.sha256, str(file.pk), "../../etc/passwd", str(uuid4())):
        with pytest.raises(Refusal):
            queries.by_uuid(key)
    assert queries.by_uuid(str(file.uuid)) == file
    assert not queries.readable(file, "anyone")
    readers = {"case": lambda subject, scope: (subject, scope) == ("case:1", "officer")}
    monkeypatch.setitem(wiring.PORTS, Reader, readers)
    assert queries.readable(file, "officer") and not queries.readable(file, "stranger")
    assert not queries.readable(keep(hostile.jpeg(), "offer:1"), "officer")


def test_a_photo_kept_in_advance_is_attached_once():
    file = keep(hostile.jpeg(), "")
    assert not queries.readable(file, "anyone")
    actions.attach(file=file, subject="case:9")
    with pytest.raises(Refusal):
        actions.attach(file=file, subject="case:10")
    assert File.objects.get().subject == "case:9"


def test_photos_of_a_report_never_sent_go_after_two_days(media, monkeypatch):
    sent, twin, left = keep(hostile.jpeg()), keep(hostile.jpeg(), ""), keep(hostile.jpeg((90, 60)), "")
    fresh = keep(hostile.jpeg((60, 90)), "")
    assert actions.forget_unsent() == 0
    File.objects.exclude(pk=fresh.pk).update(recorded_at=left.recorded_at - actions.UNSENT_MICROS - 1)
    assert actions.forget_unsent() == 2
    assert set(File.objects.values_list("pk", flat=True)) == {sent.pk, fresh.pk}
    with queries.opened(sent) as kept:
        assert kept.read()
    assert not [path for path in stored(media) if left.sha256 in path.name]
    assert twin.sha256 == sent.sha256 and len(stored(media)) == 6


def test_bytes_taken_away_while_an_equal_photo_comes_are_written_again(media, monkeypatch):
    old = keep(hostile.jpeg(), "")
    File.objects.update(recorded_at=0)
    row = actions._row

    def slow(*args):
        actions.forget_unsent()  # between the look for equal bytes and the row that needs them
        return row(*args)

    monkeypatch.setattr(actions, "_row", slow)
    kept = keep(hostile.jpeg(), "case:1")
    assert kept.sha256 == old.sha256 and len(stored(media)) == 3
