"""Canonical bytes, Merkle trees with published vectors, the chain, and every way to tamper with it."""

import json
import re
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from hypothesis import given
from hypothesis import strategies as st

from cityloop.ground.loop.actor import Actor
from cityloop.town.ledger import chain, merkle
from cityloop.town.ledger.actions import append, append_sequenced, record, sequence
from cityloop.town.ledger.models import Key, Seal, Step
from cityloop.town.ledger.queries import verify
from cityloop.town.ledger.sealing import seal_all

BY = Actor("person", "clerk", 7, 8, 9, "/1/9/")
values = st.recursive(
    st.none() | st.booleans() | st.integers(-chain.LIMIT, chain.LIMIT) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcxyz_", min_size=1), inner),
    max_leaves=20,
)


@given(values)
def test_canonical_json_is_that_of_the_standard_library(value: object) -> None:
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert chain.canonical(value) == plain.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("value", [1.5, {"a": [2.0]}, 2**53, {"b": -(2**60)}, {"a": 1, "b": [2, 2**53]}])
def test_what_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="canonical"):
        chain.canonical(value)


whole = st.integers(-chain.LIMIT, chain.LIMIT)


@given(
    st.tuples(whole, whole, st.none() | whole, whole, whole),
    st.text(),
    st.dictionaries(st.text("abc"), whole | st.text()),
)
def test_the_hash_written_is_the_one_its_columns_give(
    numbers: tuple[int, int, int | None, int, int], text: str, data: dict[str, Any]
) -> None:
    at, recorded_at, due, org, seq = numbers
    row = chain.write(
        subject=text, seq=seq, prev=bytes(32), kind="thing", what=text, by=Actor("person", text, 7, 8, org, text),
        at=at, recorded_at=recorded_at, data=data, inner={"n": at}, before=text, due=due,
    )  # fmt: skip
    assert chain.checked(row) == row.hash
    assert json.loads(chain.body(row))["at"] == at


@pytest.mark.parametrize("name", ["at", "recorded_at", "due", "seq", "v"])
def test_a_step_with_a_number_too_large_is_refused(name: str) -> None:
    given: dict[str, Any] = {"seq": 1, "at": 1, "recorded_at": 1, "due": 1, "v": 1}
    step = {"subject": "thing:1", "prev": bytes(32), "kind": "thing", "what": "did", "by": BY, "data": {}}
    assert chain.write(**step, **{**given, name: chain.LIMIT})
    with pytest.raises(ValueError, match="canonical"):
        chain.write(**step, **{**given, name: chain.LIMIT + 1})


# The tree of RFC 9162's authors (the certificate-transparency test vectors): roots over 0 to 8 leaves.
LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_published(size: int) -> None:
    assert merkle.root([merkle.leaf(d) for d in LEAVES[:size]]).hex() == ROOTS[size]


@given(st.integers(1, 200), st.data())
def test_every_leaf_has_a_proof_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf(bytes([n % 256, n // 256])) for n in range(size)]
    index, root = data.draw(st.integers(0, size - 1)), merkle.root(leaves)
    proof = merkle.path(leaves, index)
    assert merkle.root_from(leaves[index], index, size, proof) == root
    assert merkle.root_from(merkle.leaf(b"other"), index, size, proof) != root
    with pytest.raises(ValueError, match="proof too"):
        merkle.root_from(leaves[index], index, size, [*proof, bytes(32)])


def _ledger(count: int = 6) -> None:
    for subject in ("thing:1", "thing:2"):
        for n in range(count):
            record(subject=subject, kind="thing", what=f"did_{n}", by=BY, at=1000 + n, data={"n": n})
    sequence()
    seal_all()


@pytest.mark.django_db
def test_a_ledger_left_alone_verifies() -> None:
    _ledger()
    record(subject="thing:1", kind="thing", what="later", by=BY, at=2000, data={})
    assert list(verify()) == []
    given = Step.objects.filter(offset__isnull=False).order_by("offset").values_list("offset", flat=True)
    assert list(given) == list(range(12))


EDITS = {
    "subject": "'thing:9'", "seq": "99", "kind": "'x'", "origin": "'import'", "v": "2", "actor": "'rule'",
    "role": "'x'", "name": "'x'", "org": "1", "what": "'x'", "before": "'x'", "after": "'x'", "at": "1",
    "recorded_at": "1", "due": "5", "data": "'{}'", "inner": "'{}'",
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("column", EDITS)
def test_an_edit_of_any_column_is_named(column: str) -> None:
    _ledger()
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE ledger_step SET "{column}" = {EDITS[column]} WHERE subject = %s AND seq = 3', ["thing:1"]
        )
    found = list(verify())
    assert any(f.where.startswith(("thing:1 step", "thing:9 step")) for f in found), found


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["hash", "prev", "salt"])
def test_an_edit_of_the_bytes_is_named(column: str) -> None:
    _ledger()
    Step.objects.filter(subject="thing:1", seq=3).update(**{column: b"x" * 16})
    assert "ledger.edited" in {f.code for f in verify()}


KEPT = {Step: "subject = 'thing:1' AND seq = 3", Seal: "number = 0", Key: "1 = 1"}
OTHER_KINDS = ("'x'", "''", "x'00ff'", "1.5", "1e300", "9223372036854775807", "-9223372036854775808")


@pytest.mark.once  # PostgreSQL takes no text where a number or bytes belong
@pytest.mark.django_db
@pytest.mark.parametrize("model", KEPT)
def test_a_value_of_another_kind_is_named_and_does_not_end_the_check(model: type[models.Model]) -> None:
    """SQLite keeps anything anywhere: whatever is in whichever column, the check names it and goes on to the rest."""
    _ledger()
    table, row = model._meta.db_table, KEPT[model]
    for column in [field.column for field in model._meta.concrete_fields if model is not Step or field.name != "id"]:
        for value in OTHER_KINDS:
            with suppress(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("UPDATE ledger_step SET what = 'x' WHERE subject = 'thing:2' AND seq = 3")
                cursor.execute(f"SELECT typeof({column}), {column} FROM {table} WHERE {row}")
                before = cursor.fetchone()
                cursor.execute(
                    f"UPDATE {table} SET {column} = {value} WHERE {row} RETURNING typeof({column}), {column}"
                )
                changed = cursor.fetchall() != [before]
                found = {f"{one.code} {one.where}" for one in verify()}
                assert "ledger.edited thing:2 step 3" in found, (column, value)
                assert len(found) > 1 or not changed or column == "created", (column, value)  # signs nothing
                transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("seq", [1, 3, 6])
def test_a_deleted_step_is_named(seq: int) -> None:
    _ledger()
    Step.objects.filter(subject="thing:2", seq=seq).delete()
    assert {f.code for f in verify()} & {"ledger.gap", "seal.missing"}


@pytest.mark.django_db
def test_the_newest_steps_deleted_before_a_seal_covers_them_are_named() -> None:
    _ledger()
    for n in range(2):
        record(subject="thing:3", kind="thing", what=f"later_{n}", by=BY, at=2000, data={})
    sequence()
    assert list(verify()) == []
    Step.objects.filter(subject="thing:3").delete()
    (found,) = verify()
    assert (found.code, found.where) == ("ledger.offset", "offset 12") and "12 to 13" in found.message


@pytest.mark.django_db
def test_whole_subjects_deleted_are_named_by_every_offset_that_is_gone() -> None:
    _ledger()
    gone = Step.objects.filter(models.Q(subject="thing:1") | models.Q(subject="thing:2", seq__in=(2, 5)))
    offsets = set(gone.values_list("offset", flat=True))
    gone.delete()
    told = " ".join(f.message for f in verify() if f.code == "seal.missing")
    named = {n for a, b in re.findall(r"(\d+)(?: to (\d+))?", told) for n in range(int(a), int(b or a) + 1)}
    assert named == offsets and len(offsets) > 3


@pytest.mark.django_db
def test_a_chain_written_anew_betrays_itself_under_the_seal() -> None:
    _ledger()
    prev = chain.GENESIS
    for step in Step.objects.filter(subject="thing:1").order_by("seq"):
        row = chain.write(
            subject="thing:1", seq=step.seq, prev=prev, kind="thing", what="forged", by=BY, at=step.at,
            recorded_at=step.recorded_at, data={},
        )  # fmt: skip
        prev = row.hash
        Step.objects.filter(pk=step.pk).update(
            what="forged", data=row.data, inner=row.inner, salt=row.salt, prev=row.prev, hash=row.hash
        )
    found = {f.code for f in verify()}
    assert "seal.root" in found and "ledger.edited" not in found


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"root": b"x" * 32}, {"size": 11}, {"sealed_at": 5}, {"signature": b"x" * 64}])
def test_an_edited_seal_is_named(change: dict[str, object]) -> None:
    _ledger()
    Seal.objects.filter(number=0).update(**change)
    assert any(f.code.startswith("seal.") for f in verify())


@pytest.mark.django_db
def test_bulk_and_single_steps_share_one_sequence() -> None:
    record(subject="thing:1", kind="thing", what="single", by=BY, at=1, data={})
    sequence()
    first: dict[str, Any] = {"seq": 1, "prev": chain.GENESIS, "by": BY, "at": 1, "recorded_at": 1, "data": {}}
    rows = [chain.write(subject=f"bulk:{n}", kind="b", what="w", **first) for n in range(100)]
    append_sequenced(rows)
    record(subject="thing:1", kind="thing", what="again", by=BY, at=1, data={})
    sequence()
    assert list(Step.objects.order_by("offset").values_list("offset", flat=True)) == list(range(102))
    assert list(verify()) == []


@pytest.mark.django_db
def test_what_waits_is_never_asked_with_a_plan_kept_from_an_empty_ledger() -> None:
    for _ in range(12):
        assert sequence() == 0
    record(subject="thing:1", kind="thing", what="single", by=BY, at=1, data={})
    assert sequence() == 1
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%\"offset\" IS NULL LIMIT 1'"
            )
            assert cursor.fetchone() == (0,)
        assert connection.connection.prepare_threshold == 5


@pytest.mark.django_db
def test_the_hash_is_sha256_of_the_body() -> None:
    row = chain.write(
        subject="s:1", seq=1, prev=chain.GENESIS, kind="k", what="w", by=BY, at=1, recorded_at=2, data={"é": 1}
    )
    append([row])
    stored = Step.objects.get(subject="s:1")
    assert bytes(stored.hash) == sha256(chain.body(row)).digest()
    assert b'"post"' not in chain.body(row)
