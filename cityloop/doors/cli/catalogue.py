"""Catalogues of sentences with Babel: templates by Django's own parser, code by Babel's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parents[2]
LOCALE = PACKAGE / "locale"
# A refusal's second word is the sentence that people read.
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
    "Refusal": (2,), "Moved": (2,),
}  # fmt: skip
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+(?:![rsa])?(?::[^}]*)?\}")
# sentence → where it stands; a plural is (one, many), a context comes first.
Found = dict[tuple[str | None, str | tuple[str, str]], list[tuple[str, int]]]


def catalogues() -> list[Path]:
    """List the catalogues there are, one a language."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def collect() -> Found:
    """Collect every sentence of templates and code."""
    found: Found = {}
    for path, line, sentence, context in [*from_code(), *from_templates()]:
        found.setdefault((context, sentence), []).append((path, line))
    return found


def from_code() -> Iterator[tuple[str, int, str | tuple[str, str], str | None]]:
    """Sentences in Python files."""
    for name, line, sentence, _comments, context in extract_from_dir(
        PACKAGE, [("**.py", "python")], keywords=KEYWORDS, strip_comment_tags=True
    ):
        yield f"cityloop/{name}", line, plural(sentence), context


def plural(sentence: str | tuple[str, ...]) -> str | tuple[str, str]:
    """Make of Babel's word or words a sentence or a pair."""
    return sentence if isinstance(sentence, str) else (sentence[0], sentence[1])


def from_templates() -> Iterator[tuple[str, int, str | tuple[str, str], str | None]]:
    """Sentences in templates, as Django itself will look them up."""
    from django.template.engine import Engine
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    engine = Engine.get_default()
    for path in sorted(PACKAGE.glob("**/templates/**/*.*")):
        name, text = str(path.relative_to(PACKAGE.parent)), path.read_text()
        nodes: Any = engine.from_string(text).nodelist
        for node in nodes.get_nodes_by_type(TranslateNode):
            literal = getattr(node.filter_expression.var, "literal", None) or node.filter_expression.var
            sentence = str(literal).replace("%", "%%")  # as Django looks it up
            yield name, node.token.lineno, sentence, spoken(node.message_context)
        for node in nodes.get_nodes_by_type(BlockTranslateNode):
            yield name, node.token.lineno, block(node), spoken(node.message_context)


def spoken(context: object) -> str | None:
    """Give the context of a message, which Django keeps as an expression."""
    return str(context).strip("\"'") if context else None


def block(node: Any) -> str | tuple[str, str]:
    """Give the sentence of a {% blocktranslate %}, or one and many."""
    render = node.render_token_list
    one = render(node.singular)[0]
    return (one, render(node.plural)[0]) if node.plural else one


def read(path: Path) -> Catalog:
    """Read a catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def compile(path: Path) -> Path:  # noqa: A001
    """Write the compiled form beside the catalogue."""
    target = path.with_suffix(".mo")
    with target.open("wb") as file:
        write_mo(file, read(path))
    return target


def update(path: Path, found: Found) -> int:
    """Bring the sentences of a catalogue up to date, keeping translations; say how many are wanting."""
    old, new = read(path), Catalog(locale=path.parent.parent.name, project="Cityloop", fuzzy=False)
    for (context, sentence), places in sorted(found.items(), key=lambda item: (str(item[0][1]), item[0][0] or "")):
        known = old.get(sentence, context)
        files = sorted({(name, None) for name, _line in places})
        new.add(sentence, known.string if known else "", locations=files, context=context)  # type: ignore[arg-type]
    with path.open("wb") as file:
        write_po(file, new, width=120, omit_header=False, include_lineno=False, ignore_obsolete=True)
    stamp(path)
    return len(wanting(path, found))


def stamp(path: Path) -> None:
    """Take the times out of the header, so that the file changes only when a sentence does."""
    kept = [line for line in path.read_text().splitlines() if not re.match(r'"(POT-Creation|PO-Revision)-Date', line)]
    path.write_text("\n".join(kept).rstrip() + "\n")


def wanting(path: Path, found: Found) -> list[dict[str, str]]:
    """List what a catalogue lacks: a translation, or a placeholder in one."""
    catalog, findings = read(path), []
    for (context, sentence), places in found.items():
        message = catalog.get(sentence, context)
        words = message.string if message else ""
        fault = fault_of(sentence, words)
        if fault:
            where = f"{places[0][0]}:{places[0][1]}"
            findings.append({"code": f"messages.{fault}", "where": where, "message": f"{catalog.locale}: {sentence!r}"})
    return findings


def fault_of(sentence: str | tuple[str, str], words: str | list[str] | tuple[str, ...] | None) -> str:
    """Name what is wrong with a translation, or nothing."""
    translated = [words] if isinstance(words, str) else list(words or ())
    if not all(translated) or not translated:
        return "missing"
    most = sentence if isinstance(sentence, str) else sentence[1]
    same = all(set(PLACEHOLDER.findall(most)) == set(PLACEHOLDER.findall(each)) for each in translated)
    return "" if same else "placeholder"
