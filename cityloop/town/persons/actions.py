"""The only writers of people, accounts and their words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from os import urandom
from secrets import token_urlsafe
from typing import Any, NamedTuple

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import real_now
from cityloop.town.ledger.actions import record
from cityloop.town.persons import keys, rules, sealing
from cityloop.town.persons.events import WordsErased
from cityloop.town.persons.models import AccessKey, Account, Look, Person, Words
from cityloop.town.publishing import publish
from cityloop.town.tabular import writing

SALT = 16
SAME = 20  # so many of the last who gave one address are looked through for who gave the same name with it
WordsRow = tuple[Any, ...]  # as it is written


class Kept(NamedTuple):
    """Words as kept: the row's id, and the digest that may stand on the ledger."""

    id: int
    digest: str


class Draft(NamedTuple):
    """Words to be kept: of what subject, which field, the text, and whose they are (0 = unknown)."""

    subject: str
    field: str
    text: str
    person: int = 0


@dataclass(frozen=True, slots=True)
class Unmasked:
    """A person's data in the clear, for the moment of use. Never store or log it."""

    name: str
    phone: str
    email: str


def register_person(*, at: int, name: str = "", phone: str = "", email: str = "", language: str = "en") -> Person:
    """Create a person. Refuses a phone number or e-mail address that is none, naming the field."""
    person = Person(language=language, created=at)
    _fill(person, name, phone, email)
    person.save(force_insert=True)
    return person


@transaction.atomic
def change_person(*, person: Person, by: Actor, at: int, **fields: str) -> None:
    """Change name, phone or email; the ledger learns which fields changed, never to what."""
    now = _unmasked(person)
    new = {"name": now.name, "phone": now.phone, "email": now.email, **fields}
    _fill(person, **new)
    person.save()
    _record(person, "changed", by, at, {"fields": ",".join(sorted(fields))})


def find_or_register(*, at: int, name: str = "", phone: str = "", email: str = "", language: str = "en") -> Person:
    """Give the living person who gave just this name, phone and e-mail; else create one.

    Anybody may write anybody's address: who gives one alone is not taken for who gave it with a name and a number,
    else the name would stand with words that are not theirs. Inside the caller's transaction: until it ends, nobody
    erases them for having left nothing behind.
    """
    given = Unmasked(rules.name(name), rules.phone(phone), rules.email(email))
    column, text = ("email", given.email) if given.email else ("phone", given.phone)
    if text:
        living = Person.objects.select_for_update(no_key=True).filter(erased=None)
        same = living.filter(**{f"{column}_index__in": sealing.blinds(column, text)}).order_by("-id")[:SAME]
        for found in same:
            if _gave(found, given):
                return found
    return register_person(at=at, name=name, phone=phone, email=email, language=language)


@transaction.atomic
def open_account(
    *, username: str, password: str | None, person: Person, by: Actor, at: int, language: str = "en"
) -> Account:
    """Open an account; with no password it can be used only through another way of signing in.

    A password given here is known to whoever opens the account: its owner chooses another at the first sign-in.
    """
    username = Account.normalize_username(clean(username).strip())
    if not (1 <= len(username) <= 150 and 1 <= len(rules.folded(username)) <= 150):
        raise Refusal("persons.username.length", "Choose a user name of 1 to 150 characters.", "username")
    if Account.objects.filter(folded=rules.folded(username)).exists():
        raise Refusal(
            "persons.username.taken", "This user name is taken, perhaps in other letters; choose another.", "username"
        )
    account = Account(person=person, language=language, created=at, password_given=password is not None)
    account.call(username)
    account.password = make_password(password)
    account.save(force_insert=True)
    _record(person, "account_opened", by, at, {"account": account.pk})
    return account


@transaction.atomic
def close_account(*, account: Account, by: Actor, at: int) -> None:
    """Close an account at once; its sessions end at their next request, and its access keys for good."""
    account.is_active = False
    account.save(update_fields=["is_active"])
    now = real_now()
    ended = AccessKey.objects.filter(account=account, expires__gt=now).update(expires=now)
    _record(account.person, "account_closed", by, at, {"account": account.pk, "keys": ended})


@transaction.atomic
def reopen_account(*, account: Account, password: str, by: Actor, at: int) -> None:
    """Open a closed account again, with a password given here: whatever ended with it (sessions, keys) stays ended."""
    Account.objects.select_for_update().get(pk=account.pk)
    account.refresh_from_db(fields=["is_active"])
    if account.is_active:
        raise Refusal("persons.account.open", "This account is open.", "username")
    if account.person.erased:
        raise Refusal("persons.account.erased", "Whose account this was is erased; open another account.", "username")
    account.is_active, account.password, account.password_given = True, make_password(password), True
    account.save(update_fields=["is_active", "password", "password_given"])
    _record(account.person, "account_reopened", by, at, {"account": account.pk})


@transaction.atomic
def set_password(*, account: Account, password: str, by: Actor, at: int) -> None:
    """Give an account another password; its sessions end. Access keys go on.

    One that somebody else gives is for one sign-in only: then its owner has to choose another, which must be another.
    """
    own = by.kind == "person" and by.person == account.person_id
    if own and account.password_given and account.check_password(password):
        raise Refusal("persons.password.same", "Choose another password than the one you were given.", "new")
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Refusal(
            "persons.password.weak",
            "Choose a password of at least 10 characters that is not common and not like the user name.",
            "new",
        ) from error
    account.password, account.password_given = make_password(password), not own
    account.save(update_fields=["password", "password_given"])
    _record(account.person, "password_set", by, at, {"account": account.pk})


@transaction.atomic
def make_access_key(
    *,
    account: Account,
    label: str,
    days: int,
    by: Actor,
    at: int,
    scopes: Iterable[str] = ("read", "act", "report"),
    per_minute: int = 600,
) -> str:
    """Make a key with which a program acts for an account; give it, for it is shown only now."""
    if not 1 <= days <= 3660:
        raise Refusal("persons.key.days", "A key is valid for 1 to 3660 days.", "days")
    if not 1 <= per_minute <= 100_000:
        raise Refusal("persons.key.rate", "A key may make 1 to 100000 requests a minute.", "per_minute")
    wanted = rules.key_scopes(scopes)
    key = f"cl_{token_urlsafe(32)}"
    made = AccessKey.objects.create(
        account=account,
        digest=sha256(key.encode()).digest(),
        label=clean(label)[:60],
        scopes=" ".join(wanted),
        per_minute=per_minute,
        created=at,
        expires=at + days * 86_400_000_000,
    )
    facts = {"account": account.pk, "days": days, "key": made.pk, "scopes": wanted}
    _record(account.person, "key_made", by, at, facts)
    return key


@transaction.atomic
def end_access_key(*, key: AccessKey, by: Actor, at: int) -> None:
    """Let an access key end at once."""
    AccessKey.objects.filter(pk=key.pk, expires__gt=at).update(expires=at)
    _record(key.account.person, "key_ended", by, at, {"account": key.account_id, "key": key.pk})


def look(*, person: Person, by: Actor, at: int, purpose: str) -> Unmasked:
    """Give a person's data in the clear, and keep who looked, when and what for. Authority is the caller's."""
    note_looks(persons=[person], by=by, at=at, purpose=purpose)
    return _unmasked(person)


def note_looks(*, persons: Iterable[Person], by: Actor, at: int, purpose: str) -> None:
    """Keep who asked for some persons' data, when and what for. One statement."""
    purpose = " ".join(clean(purpose).split())[:200]
    if not purpose:
        raise Refusal("persons.purpose.missing", "Say what you need this data for.", "purpose")
    Look.objects.bulk_create(
        Look(person=person, by_person=by.person, by_post=by.post, by_role=by.role, purpose=purpose, at=at)
        for person in persons
    )


def keep_words(subject: str, field: str, text: str, person: int = 0) -> Kept:
    """Keep free words in an erasable row; put only the digest on the ledger. One statement."""
    return keep_words_many([Draft(subject, field, text, person)])[0]


def keep_words_many(drafts: Sequence[Draft]) -> list[Kept]:
    """Keep many words at once, in the order given. One statement a batch."""
    rows = [_words(draft) for draft in drafts]
    digests = [sealing.digest(bytes(row.salt or b""), str(row.text)) for row in rows]
    made = [_insert(rows[0])] if len(rows) == 1 else [r.pk for r in Words.objects.bulk_create(rows, batch_size=500)]
    return [Kept(key, digest) for key, digest in zip(made, digests, strict=True)]


_COLUMNS = ("subject", "field", "person_id", "salt", "text", "key_id", "erased")
_INSERT = (
    f'INSERT INTO "{Words._meta.db_table}" (' + ", ".join(f'"{name}"' for name in _COLUMNS) + ")"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id"
)
_seal = Words._meta.get_field("text").get_prep_value


def seal_words(drafts: Sequence[Draft]) -> tuple[list[Kept], list[WordsRow]]:
    """Seal words under ids taken for good; `write_words` writes the rows with the rest of a bulk. One statement."""
    rows, ids = (
        [_words(draft) for draft in drafts],
        writing.reserve(Words._meta.db_table, len(drafts)) if drafts else [],
    )
    kept = [
        Kept(key, sealing.digest(bytes(row.salt or b""), str(row.text))) for key, row in zip(ids, rows, strict=True)
    ]
    return kept, [(key, *_values(row)) for key, row in zip(ids, rows, strict=True)]


def write_words(rows: Sequence[WordsRow]) -> None:
    """Write words that were sealed, inside the caller's transaction."""
    writing.write(Words._meta.db_table, ("id", *_COLUMNS), rows)


def _values(row: Words) -> WordsRow:
    return row.subject, row.field, row.person_id, row.salt, _seal(row.text), row.key_id, row.erased


def _insert(row: Words) -> int:
    """Write one row plainly: what every action with words does."""
    values: list[Any] = list(_values(row))
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        return int(cursor.fetchone()[0])


@transaction.atomic
def erase_words(*, subject: str, by: Actor, at: int, field: str = "") -> int:
    """Erase the words of a subject, with their salts, so that the digests left on the ledger say nothing more."""
    rows = Words.objects.filter(subject=subject, erased=None, **({"field": field} if field else {}))
    count = _wipe(rows, at)
    record(subject=subject, kind="words", what="erased", by=by, at=at, data={"field": field, "count": count})
    return count


@transaction.atomic
def erase_person(*, person: Person, by: Actor, at: int) -> int:
    """Erase a person's data and words, close and rename their accounts; give the number of words erased.

    The row stays, empty, so that the history of what was done remains whole.
    """
    count = _wipe(Words.objects.filter(person=person, erased=None), at)
    for account in Account.objects.select_for_update().filter(person=person):
        account.call(f"erased-{account.pk}")
        account.is_active = False
        account.set_unusable_password()
        account.save()
    _fill(person, "", "", "")
    person.erased = at
    person.save()
    _record(person, "erased", by, at, {"words": count})
    return count


_SEALED = ("name", "phone", "email")


def _fill(person: Person, name: str, phone: str, email: str) -> None:
    person.name, person.phone, person.email = rules.name(name), rules.phone(phone), rules.email(email)
    person.phone_index = sealing.blind("phone", person.phone) if person.phone else ""
    person.email_index = sealing.blind("email", person.email) if person.email else ""
    person.key_id = keys.current().id


def _unmasked(person: Person) -> Unmasked:
    return Unmasked(*(_clear(getattr(person, field)) for field in _SEALED))


def _gave(person: Person, given: Unmasked) -> bool:
    """Tell whether a person gave just this; of one whose texts do not open it is not known."""
    try:
        return _unmasked(person) == given
    except sealing.CannotOpen:
        return False


def _clear(value: object) -> str:
    return value.open() if hasattr(value, "open") else str(value or "")


def _words(draft: Draft) -> Words:
    return Words(
        subject=draft.subject,
        field=draft.field,
        person_id=draft.person or None,
        salt=urandom(SALT),
        text=clean(draft.text),
        key_id=keys.current().id,
    )


def _wipe(rows: QuerySet[Words], at: int) -> int:
    subjects = tuple(rows.values_list("subject", flat=True).distinct())
    count = rows.update(text=None, salt=None, erased=at)
    publish(WordsErased(subjects))
    return count


def _record(person: Person, what: str, by: Actor, at: int, data: dict[str, object]) -> None:
    record(subject=f"person:{person.uuid}", kind="person", what=what, by=by, at=at, data=data)
