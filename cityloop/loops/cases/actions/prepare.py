"""Turning what a person asked for into what the engine takes: codes to rows, words to digests."""

from typing import Any

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.definition import Field, Transition
from cityloop.loops.cases import conditions
from cityloop.loops.cases.actions import values
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.values import organisation, organisations, unit_code
from cityloop.loops.cases.loop import keep_present, pinned
from cityloop.town.catalog import queries as catalog
from cityloop.town.files.models import File
from cityloop.town.persons.actions import Draft, keep_words_many

__all__ = ["fix", "organisation", "organisations", "prepare", "routed", "unit_code"]
WORDS_LIMIT = 5_000
PUBLIC = ("reason", "until")  # of what was asked for
Data = dict[str, Any]


def prepare(book: Book, transition: Transition, data: Data, *, whose: int = 0) -> tuple[Data, Data]:
    """Give the public data of the step and its inner data (ids of words and photos).

    `whose` words they are: those of a reporter or follower are erased with them, those of staff are the city's.
    """
    known = {k: v for k, v in data.items() if v not in (None, "")}
    for name in known:
        if name not in transition.action.fields and name != "words":
            raise Refusal("loop.field.unknown", "There is no field {name} here.", field=name, name=name)
    public: Data = {}
    inner: Data = {}
    words: dict[str, str] = {}
    for name, value in known.items():
        field = transition.action.fields.get(name, Field(type="words"))
        if field.type == "words":
            text = _words(name, value)
            if text:
                words[name] = text
        elif field.type == "photos":
            _photos(book, value, public, inner)
        else:
            public[name] = values.convert(book, field.type, name, value)
    _proposals(book, transition, public)
    if words:
        _keep(book, transition.name, words, public, inner, whose)
    return public, inner


def _words(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal("cases.words", "{name} must be text.", field=name, name=name)
    text = clean(value).strip()
    if len(text) > WORDS_LIMIT:
        raise Refusal(
            "cases.words.long", "{name} is longer than {limit} characters.", field=name, name=name, limit=WORDS_LIMIT
        )
    return text


def _keep(book: Book, action: str, words: dict[str, str], public: Data, inner: Data, whose: int) -> None:
    seq = book.snapshot.seq + 1
    drafts = [Draft(book.case.subject, f"{seq}:{action}:{name}"[:60], text, whose) for name, text in words.items()]
    for name, kept in zip(words, keep_words_many(drafts), strict=True):
        public[name] = kept.digest
        inner[f"{name}_id"] = kept.id


def _photos(book: Book, value: Any, public: Data, inner: Data) -> None:
    wanted = values.photos("photos", value)
    found = {str(f.uuid): f for f in File.objects.filter(uuid__in=wanted, subject=book.case.subject)}
    if len(found) != len(set(wanted)):
        raise Refusal("cases.photo.unknown", "A photo named here is not known.", field="photos")
    public["photos"] = [found[w].sha256 for w in wanted]
    inner["photos"] = wanted


def _proposals(book: Book, transition: Transition, data: Data) -> None:
    """Fill in what the catalogue says: limits at filing, the responsible organisations, the condition of closing."""
    if "fix" in transition.action.ops:
        fix(book, data)
    if "pin" in transition.action.ops:
        _newer(book, data)
    if "assign" in transition.action.ops and not data.get("parts"):
        data["parts"] = routed(book.snapshot.matter, book.snapshot.unit, book.snapshot.catalogue)
    if "decide" in transition.action.ops:
        _granted(book, data)
    data.update(conditions.named(transition, book.snapshot))


def _granted(book: Book, data: Data) -> None:
    """Say in the step that moves a case because it was asked for why it does and until when: everybody may know."""
    request = book.snapshot.request(int(data.get("request") or 0))
    if request is not None and data.get("answer") == "granted" and book.definition.requests[request.kind].to:
        data.update({name: request.data[name] for name in PUBLIC if name in request.data})


def _newer(book: Book, data: Data) -> None:
    """Name the rules a case moves to, those in force where none are named; refuse such as are not known here."""
    data["definition"] = data.get("definition") or keep_present().digest
    data["catalogue"] = data.get("catalogue") or catalog.current().digest
    data["before"] = book.definition.digest
    catalog.catalog(data["catalogue"])
    if book.snapshot.state not in pinned(data["definition"]).states:
        raise Refusal("cases.definition.state", "The newer rules do not know the state {state}.", state=book.case.state)


def fix(book: Book, data: Data) -> None:
    """Fill in at filing what the published catalogue says of the matter: limits, urgency, level, its digest."""
    data.setdefault("matter", book.snapshot.matter)
    data.setdefault("unit", book.snapshot.unit or book.case.unit_code)
    if not data["matter"]:
        raise Refusal("loop.field.missing", "Please fill in {name}.", field="matter", name="matter")
    now = catalog.current()
    entry = now.matter(data["matter"])
    data["milestones"] = [[str(n + 1), step.limit.text] for n, step in enumerate(entry.milestones)]
    data["urgent"], data["level"] = entry.urgent, entry.level
    data["catalogue"] = now.digest


def routed(matter: str, unit: str, digest: str = "") -> list[Data]:
    """Give the parts that the catalogue proposes: the lead first, then who assists."""
    version = catalog.catalog(digest) if digest else catalog.current()
    answer = version.route(matter, unit)
    if answer.lead is None:
        raise Refusal("cases.route.none", "No organisation answers for this here: choose one.", field="parts")
    parts: list[Data] = [{"org": answer.lead.id, "org_path": answer.lead.actor_path, "role": "lead"}]
    for helper in answer.assisting:
        parts.append(
            {
                "org": helper.org.id,
                "org_path": helper.org.actor_path,
                "role": "assisting",
                "order": helper.order,
                "task": helper.task.get("en", ""),
            }
        )
    return parts
