"""Foreign keys point down too. The linter cannot see them: they, and migrations, name tables by strings."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

# Storeys from bottom to top; rooms of one set are siblings and may not point at each other.
TOWN = [
    {"files", "ledger"},
    {"units", "calendar"},
    {"components"},
    {"persons"},
    {"orgs"},
    {"catalog", "imagery"},
    {"worklist"},
    {"notices"},
    {"hooks"},
]
STOREYS = ["loops", "lookout", "plates", "doors"]
# Django's own tables lie below everything.
FOUNDATION = {"contenttypes", "auth", "sessions", "messages", "staticfiles"}


def rooms() -> dict[str, str]:
    """Label of each of our apps → its package."""
    return {c.label: c.name for c in apps.get_app_configs() if c.name.startswith("cityloop.")}


def height(label: str) -> int:
    """How high a room lies."""
    if label in FOUNDATION:
        return -1
    storey = rooms()[label].split(".")[1]
    if storey == "town":
        return next(i for i, level in enumerate(TOWN) if label in level)
    return len(TOWN) + STOREYS.index(storey)


def may_point(source: str, target: str) -> bool:
    """A room may point at itself and at what lies lower."""
    return source == target or height(target) < height(source)


def keys() -> Iterator[tuple[str, str, str]]:
    """Each relation of each model: (from, to, name)."""
    for label in rooms():
        for model in apps.get_app_config(label).get_models(include_auto_created=True):
            for field in model._meta.get_fields():
                if field.is_relation and field.concrete and field.related_model:
                    yield label, field.related_model._meta.app_label, f"{model.__name__}.{field.name}"


def migration_references() -> Iterator[tuple[str, str, str]]:
    """Each dependency of each migration, and each table that an operation points at by its name."""
    loader = MigrationLoader(None)
    for (label, name), migration in loader.disk_migrations.items():
        if label not in rooms():
            continue
        for target, _ in migration.dependencies:
            yield label, resolve(target), f"migration {name}"
        for operation in migration.operations:
            fields = [f for _, f in getattr(operation, "fields", []) or []]
            for field in [*fields, getattr(operation, "field", None)]:
                remote = getattr(getattr(field, "remote_field", None), "model", None)
                if isinstance(remote, str) and "." in remote:
                    yield label, resolve(remote.split(".")[0]), f"migration {name}"


def resolve(label: str) -> str:
    """A migration may depend on `__setting__`: the account's table."""
    return settings.AUTH_USER_MODEL.split(".")[0] if label in ("__setting__", "settings") else label


def test_all_rooms_have_a_place():
    assert [label for label in rooms() if height(label) is None] == []


def test_models_point_down():
    assert [f"{name}: {source} → {target}" for source, target, name in keys() if not may_point(source, target)] == []


def test_migrations_point_down():
    wrong = [f"{name}: {s} → {t}" for s, t, name in migration_references() if not may_point(s, t)]
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "target", "fine"), [("notices", "orgs", True), ("orgs", "notices", False), ("units", "calendar", False)]
)
def test_rule_itself(source, target, fine):
    assert may_point(source, target) is fine


@pytest.mark.django_db
def test_models_and_migrations_agree():
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=1)


def test_every_room_with_a_table_is_installed():
    root = Path(settings.PACKAGE)
    found = {f"cityloop.{p.parent.relative_to(root).as_posix().replace('/', '.')}" for p in root.glob("*/*/models.py")}
    missing = found - {c.name for c in apps.get_app_configs()}
    assert not missing, f"add to INSTALLED_APPS: {sorted(missing)}"
    assert all(importlib.import_module(name) for name in found)
