"""Reads of people: masked unless `actions.look` is asked."""

import logging
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.columns import under
from cityloop.town.persons import keys, rules, sealing
from cityloop.town.persons.masking import mask_email, mask_name, mask_phone
from cityloop.town.persons.models import AccessKey, Account, Look, Person, Words

log = logging.getLogger("cityloop.persons")
# So many persons one address is taken to stand for: each way of writing a name with it is one.
MOST = 100


class Masked(NamedTuple):
    """A person as shown by default."""

    name: str
    phone: str
    email: str


def by_email(email: str) -> list[Person]:
    """Find the living persons who gave exactly this address, through the blind index. One query."""
    return _by("email", rules.email(email))


def by_phone(phone: str) -> list[Person]:
    """Find the living persons who gave exactly this number, through the blind index. One query."""
    return _by("phone", rules.phone(phone))


def masked(person: Person) -> Masked:
    """Give a person's data masked. No query."""
    name, phone, email = (_shown(sealed, instead="") for sealed in (person.name, person.phone, person.email))
    return Masked(mask_name(name), mask_phone(phone), mask_email(email))


def persons_of(ids: Iterable[int]) -> dict[int, Person]:
    """Give living persons by id, to be shown masked. One query."""
    return {row.pk: row for row in Person.objects.filter(pk__in=list(ids), erased=None)}


def address_of(*, account: int = 0, person: int = 0) -> str:
    """Give the e-mail address to send a notice to, for `notices` alone; '' where there is none. One query."""
    whose = {"accounts": account} if account else {"pk": person}
    found = Person.objects.filter(erased=None, **whose).values_list("email", flat=True).first()
    return _open(found)


def languages(*, accounts: Iterable[int] = (), persons: Iterable[int] = ()) -> dict[str, str]:
    """Give languages by recipient, `account:3` or `person:7`. At most two queries."""
    spoken: dict[str, str] = {}
    for name, model, ids in (("account", Account, list(accounts)), ("person", Person, list(persons))):
        rows = model._default_manager.filter(pk__in=ids).values_list("id", "language") if ids else ()
        spoken |= {f"{name}:{id_}": language for id_, language in rows}
    return spoken


def accounts_listed(*, begins: str = "", after: str = "", most: int = 100) -> list[Account]:
    """Give accounts in the order of their user names, after one of them; no personal data is read. One query."""
    found = Account.objects.order_by("folded").filter(under("folded", rules.folded(begins)))
    return list(found.filter(folded__gt=rules.folded(after))[:most])


def account_named(username: str) -> Account:
    """Give the account of a user name, in whatever letters; refuse an unknown one. One query."""
    found = Account.objects.select_related("person").filter(folded=rules.folded(username)).first()
    if found is None:
        raise Refusal("persons.username.unknown", "There is no account called {name}.", "username", name=username)
    return found


# Asked by every request of a program: written out, because putting the same SQL together each time costs more
# than the database's answer.
_ACCOUNT = [field.attname for field in Account._meta.concrete_fields]
_OF_KEY = (
    "SELECT " + ", ".join(f'a."{name}"' for name in _ACCOUNT) + ', k."id", k."label", k."scopes", k."per_minute"'
    f' FROM "{Account._meta.db_table}" a '
    f'JOIN "{AccessKey._meta.db_table}" k ON k."account_id" = a."id" WHERE k."digest" = %s AND k."expires" > %s'
)


class Access(NamedTuple):
    """An access key as shown by a program: for whom it acts, what for, how often a minute."""

    account: Account
    key: int
    label: str
    scopes: frozenset[str]
    per_minute: int


def access_of(token: str, at: int) -> Access | None:
    """Give what an access key allows; None for a wrong or expired one, or a closed account. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_KEY, [sha256(token.encode()).digest(), at])
        row = cursor.fetchone()
    if row is None:
        return None
    account = Account.from_db(connection.alias, _ACCOUNT, row[:-4])
    key, label, scopes, per_minute = row[-4:]
    return Access(account, key, label, frozenset(scopes.split()), per_minute) if account.is_active else None


def keys_of(account: Account) -> QuerySet[AccessKey]:
    """Give the access keys of an account, the newest first; of each only what is not secret."""
    return AccessKey.objects.filter(account=account).defer("digest").order_by("-id")


def words(ids: Iterable[int]) -> dict[int, str]:
    """Give kept words by id; erased ones are ''. One query."""
    rows = Words.objects.filter(pk__in=list(ids)).values_list("id", "text")
    return {id_: _shown(text) for id_, text in rows}


def words_of(subject: str) -> dict[str, str]:
    """Give all kept words of a subject by field, the latest of each. One query."""
    rows = Words.objects.filter(subject=subject).order_by("id").values_list("field", "text")
    return {field: _shown(text) for field, text in rows}


def all_words_of(subjects: Iterable[str]) -> dict[str, list[str]]:
    """Give all kept words of many subjects, for the search index alone, by subject. One query."""
    found: dict[str, list[str]] = {}
    for subject, text in Words.objects.filter(subject__in=list(subjects), erased=None).values_list("subject", "text"):
        found.setdefault(subject, []).append(_shown(text, instead=""))
    return found


def words_of_many(subjects: Iterable[str], field: str) -> dict[str, str]:
    """Give the words kept under one field for many subjects, by subject. One query."""
    rows = Words.objects.filter(subject__in=list(subjects), field=field, erased=None).order_by("id")
    return {subject: _shown(text) for subject, text in rows.values_list("subject", "text")}


def digest_of(words_id: int) -> str | None:
    """Recompute the digest of kept words, to hold against the ledger; `None` once erased. One query."""
    row = Words.objects.get(pk=words_id)
    return None if row.salt is None else sealing.digest(bytes(row.salt), _open(row.text))


def digests_of(subjects: Iterable[str]) -> dict[str, dict[int, str | None]]:
    """Recompute the digests of all words of some subjects, by subject and id: `None` once erased, "" where none opens.

    One query.
    """
    found: dict[str, dict[int, str | None]] = {}
    for row in Words.objects.filter(subject__in=list(subjects)):
        found.setdefault(row.subject, {})[row.pk] = _digest(row)
    return found


def _digest(row: Words) -> str | None:
    try:
        return None if row.erased or row.salt is None else sealing.digest(bytes(row.salt), _open(row.text))
    except sealing.CannotOpen:
        return ""


def looks(*, person: int = 0, username: str = "", before: int = 0) -> QuerySet[Look]:
    """Select looks at personal data, the latest first: at one person's, or by one user, below an id."""
    found = Look.objects.order_by("-id")
    if person:
        found = found.filter(person=person)
    if username:
        found = found.filter(by_person__in=Account.objects.filter(folded=rules.folded(username)).values("person_id"))
    return found.filter(pk__lt=before) if before else found


def usernames(persons: Iterable[int]) -> dict[int, str]:
    """Give the user names of persons who have accounts, by person. One query."""
    rows = Account.objects.filter(person_id__in=set(persons)).order_by("username").values_list("person_id", "username")
    found: dict[int, list[str]] = {}
    for person, username in rows:
        found.setdefault(person, []).append(username)
    return {person: ", ".join(names) for person, names in found.items()}


def _by(column: str, text: str) -> list[Person]:
    if not text:
        return []
    found = Person.objects.filter(erased=None, **{f"{column}_index__in": sealing.blinds(column, text)})
    return list(found.order_by("-id")[:MOST])


def _shown(value: object, instead: str | None = None) -> str:
    """Open what is sealed; where it does not open, say so in its place: all else is to be read all the same."""
    try:
        return _open(value)
    except sealing.CannotOpen as error:
        log.error("a sealed text does not open: %s", error)
        said = _("[These words cannot be read: they were changed, or their key is missing.]")
        return said if instead is None else instead


def _open(value: object) -> str:
    return value.open() if hasattr(value, "open") else str(value or "")


def keys_wanted() -> set[str]:
    """Name the master keys of the first and the last that was sealed: of tables that may be long, both ends alone."""
    found = set()
    for model in (Person, Words):
        kept = model._default_manager.filter(erased=None).values_list("key_id", flat=True)
        found |= {*kept.order_by("pk")[:1], *kept.order_by("-pk")[:1]}
    return found


def check_keys() -> set[str]:
    """Refuse where nothing that was sealed can be read, which is another city's secret; give the keys that are missing.

    One that is missing beside others that are there is told and no more: somebody may have written with a wrong secret
    once, and the city must be able to go on.
    """
    wanted = keys_wanted()
    missing = wanted - {key.id for key in keys.ring()}
    if wanted and missing == wanted:
        raise Refusal(
            "persons.keys",
            "What people wrote in this city was sealed with other keys than those here: set the CITYLOOP_SECRET_KEY "
            "(or put back the secret.key) that the city was made with, and put its keys/persons.keys, if it has one, "
            "into {home}.",
            home=keys.key_file().parent.parent,
        )  # fmt: skip
    return missing
