import pytest

from cityloop.town.persons.masking import mask_email, mask_name, mask_phone

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        (mask_phone, "13812345678", "138****5678"),
        (mask_phone, "12345678", "******78"),
        (mask_phone, "110", "***"),
        (mask_phone, "", ""),
        (mask_name, "王小明", "王**"),
        (mask_name, "Ada Lovelace", "A** L***"),
        (mask_name, "", ""),
        (mask_email, "ada@example.org", "a***@example.org"),
        (mask_email, "", ""),
    ],
)
def test_masks(mask, text, shown):
    assert mask(text) == shown
