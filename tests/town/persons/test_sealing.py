import os

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from cityloop.town.persons import keys, sealing

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.HOME, settings.CITYLOOP_CACHE_SECONDS = tmp_path, 0
    keys._ring.forget()
    settings.SECRET_KEY = "first-secret-of-the-tests"
    settings.SECRET_KEY_FALLBACKS = []
    yield
    keys._ring.forget()


def test_what_is_sealed_opens_under_its_own_label_only():
    token = sealing.seal("王小明 +86 138", "persons.name")
    assert sealing.unseal(token, "persons.name") == "王小明 +86 138"
    assert "王" not in token and "138" not in token
    with pytest.raises(sealing.CannotOpen):
        sealing.unseal(token, "persons.phone")


def test_a_changed_token_does_not_open():
    token = sealing.seal("text", "a.b")
    changed = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    with pytest.raises(sealing.CannotOpen):
        sealing.unseal(changed, "a.b")


def test_equal_texts_seal_differently_but_index_alike():
    assert sealing.seal("x", "a.b") != sealing.seal("x", "a.b")
    assert sealing.blind("email", "x") == sealing.blind("email", "x") != sealing.blind("phone", "x")


def test_the_master_key_is_renewed_without_touching_the_ciphertext():
    old = sealing.seal("text", "a.b")
    fresh = keys.add_key()
    assert os.stat(keys.key_file()).st_mode & 0o777 == 0o600
    assert sealing.unseal(old, "a.b") == "text"
    new = sealing.rewrap(old)
    assert new.split(".")[1] == fresh.id
    assert sealing.unseal(new, "a.b") == "text"
    assert sealing.rewrap(new) == new


def test_a_new_secret_opens_old_texts_through_the_fallbacks(settings):
    token, index = sealing.seal("text", "a.b"), sealing.blind("email", "x@y.zz")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second", ["first-secret-of-the-tests"]
    assert sealing.unseal(token, "a.b") == "text"
    assert index in sealing.blinds("email", "x@y.zz")
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(sealing.CannotOpen, match=token.split(".")[1]):
        sealing.unseal(token, "a.b")


def test_a_key_file_that_others_can_read_is_refused():
    keys.add_key()
    keys.key_file().write_text("00" * 32)
    keys.key_file().chmod(0o644)
    with pytest.raises(ImproperlyConfigured, match="chmod 600"):
        keys.ring()


def test_digest_is_plain_sha256_of_salt_and_text():
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sealing.digest(b"a", "bc") == known  # FIPS 180-4: SHA-256("abc")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_survives(text):
    assert sealing.unseal(sealing.seal(text, "a.b"), "a.b") == text
