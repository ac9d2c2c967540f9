import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.files import photo
from tests.town.files import hostile

pytestmark = pytest.mark.once


def refused(data):
    with pytest.raises(Refusal) as caught:
        photo.clean(data)
    assert caught.value.field == "photo"
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (hostile.SVG, "files.photo.type"),
        (hostile.HTML, "files.photo.type"),
        (b"%PDF-1.7", "files.photo.type"),
        (b"GIF89a" + b"\0" * 50, "files.photo.type"),
        (hostile.picture("TIFF"), "files.photo.type"),
        (hostile.HEIC, "files.photo.heic"),
        (hostile.jpeg()[:200], "files.photo.broken"),
        (hostile.jpeg((640, 480))[:-2000], "files.photo.broken"),
        (hostile.png_bomb(60_000, 60_000), "files.photo.pixels"),
        (hostile.png_bomb(8_000, 8_000), "files.photo.pixels"),
        (hostile.png_bomb(300, 300), "files.photo.broken"),
        (hostile.jpeg() + b"\0" * photo.MAX_BYTES, "files.photo.big"),
    ],
)
def test_hostile_files_are_refused_by_name(data, code):
    assert refused(data) == code


def test_a_bomb_is_refused_before_it_unpacks():
    for bomb in (hostile.png_bomb(60_000, 60_000), hostile.png_text_bomb()):
        tracemalloc.start()
        with pytest.raises(Refusal):
            photo.clean(bomb)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
        tracemalloc.stop()


def test_a_polyglot_loses_what_is_no_picture():
    found = photo.clean(hostile.polyglot())
    for kept in (found.content, *found.thumbnails.values()):
        assert b"<script" not in kept and b"html" not in kept
    assert found.mime == "image/jpeg"


def test_place_and_time_are_read_and_then_stripped():
    found = photo.clean(hostile.jpeg((64, 48), exif=hostile.located()))
    assert found.taken.lon == pytest.approx(-74.006) and found.taken.lat == pytest.approx(40.7125)
    assert found.taken.at == 1_540_137_605_000_000
    assert (found.width, found.height) == (48, 64)
    for kept in (found.content, *found.thumbnails.values()):
        assert b"SecretMaker" not in kept and b"Exif" not in kept
        assert not Image.open(BytesIO(kept)).getexif()


def test_camera_time_counts_only_with_its_offset():
    def at(**tags):
        exif = Image.Exif()
        exif.get_ifd(ExifTags.IFD.Exif).update({ExifTags.Base[name]: text for name, text in tags.items()})
        return photo.clean(hostile.jpeg(exif=exif)).taken.at

    local = "2018:10:21 12:00:05"
    assert at(DateTimeOriginal=local) is None
    assert at(DateTimeOriginal=local, OffsetTimeOriginal="-04:00") == 1_540_137_605_000_000
    assert at(DateTimeOriginal=local, OffsetTimeOriginal="New York") is None


def test_a_phones_several_pictures_in_one_are_a_jpeg():
    out = BytesIO()
    first, second = Image.new("RGB", (64, 48), "red"), Image.new("RGB", (32, 24), "blue")
    first.save(out, "MPO", save_all=True, append_images=[second])
    found = photo.clean(out.getvalue())
    assert (found.mime, found.width, Image.open(BytesIO(found.content)).format) == ("image/jpeg", 64, "JPEG")


@pytest.mark.parametrize(
    ("form", "mode", "mime"),
    [
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("PNG", "1", "image/png"),
        ("WEBP", "RGBA", "image/webp"),
    ],
)
def test_all_modes_end_as_plain_pictures(form, mode, mime):
    found = photo.clean(hostile.picture(form, mode))
    again = Image.open(BytesIO(found.content))
    assert (again.mode, found.mime, again.size) == ("RGB", mime, (64, 48))


def test_big_ones_are_made_smaller_and_thumbnails_fit():
    found = photo.clean(hostile.jpeg((6000, 3000), exif=hostile.located()))
    assert (found.width, found.height) == (2048, 4096) or max(found.width, found.height) <= 4096
    assert found.height > found.width
    for side, content in found.thumbnails.items():
        thumb = Image.open(BytesIO(content))
        assert max(thumb.size) == side and thumb.format == "JPEG"


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_does_more_than_refuse(data):
    whole = bytearray(data.draw(st.sampled_from(WHOLE)))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        photo.clean(bytes(whole))
    except Refusal as refusal:
        assert refusal.field == "photo"


WHOLE = [hostile.jpeg(exif=hostile.located()), hostile.picture("PNG", "RGBA"), hostile.picture("WEBP")]
