"""Tables of people. Only this room's actions write them."""

from typing import ClassVar
from uuid import uuid4

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from cityloop.town.columns import CodeField, InstantField
from cityloop.town.persons.fields import EncryptedField
from cityloop.town.persons.rules import folded


class Person(models.Model):
    """A human being, known elsewhere only by `id` (inside) and `uuid` (outside)."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = EncryptedField(blank=True, default="")
    phone = EncryptedField(blank=True, default="")
    email = EncryptedField(blank=True, default="")
    phone_index = CodeField(max_length=64, blank=True, default="", db_index=True)
    email_index = CodeField(max_length=64, blank=True, default="", db_index=True)
    language = models.CharField(max_length=16, default="en")
    key_id = models.CharField(max_length=16)
    created = InstantField()
    erased = InstantField(null=True, blank=True)

    def __str__(self) -> str:
        return f"person {self.uuid}"


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by name for Django's sign-in; accounts are opened by `actions.open_account`."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(folded=folded(username or ""))


class Account(AbstractBaseUser):
    """A way to sign in. What it may do comes from posts held, never from flags here.

    `username` is written as it was chosen; by `folded` it is found, and there is no other account. A password that
    another gave (`password_given`) opens nothing but the page on which its owner chooses one that nobody else knows.
    """

    username = models.CharField(max_length=150, unique=True)
    folded = CodeField(max_length=150, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts")
    is_active = models.BooleanField(default=True)
    password_given = models.BooleanField(default=False)
    language = models.CharField(max_length=16, default="en")
    created = InstantField()

    objects = AccountManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def call(self, username: str) -> None:
        """Give the account a name, and what it is found by."""
        self.username, self.folded = username, folded(username)


class Words(models.Model):
    """Free words that may be personal. They can be erased; the ledger keeps only a salted digest."""

    subject = CodeField(max_length=80)
    field = models.CharField(max_length=60)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT)
    salt = models.BinaryField(max_length=16, null=True)
    text = EncryptedField(null=True)
    key_id = models.CharField(max_length=16)
    erased = InstantField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "words"
        indexes = [models.Index(fields=["subject", "field"], name="words_subject")]


class Look(models.Model):
    """Someone saw a person's data unmasked: who, when, and what for."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="looks")
    by_person = models.BigIntegerField()
    by_post = models.BigIntegerField()
    by_role = models.CharField(max_length=40)
    purpose = models.CharField(max_length=200)
    at = InstantField()

    class Meta:
        indexes = [
            models.Index(fields=["person", "at"], name="look_person_at"),
            models.Index(fields=["by_person", "id"], name="look_by"),
        ]


class AccessKey(models.Model):
    """A key with which a program acts for an account. Only its digest is kept; it is shown once, when made.

    `scopes` are names of `rules.KEY_SCOPES` with spaces between; `per_minute` is how many requests it may make.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="access_keys")
    digest = models.BinaryField(max_length=32, unique=True)
    label = models.CharField(max_length=60)
    scopes = models.CharField(max_length=80, default="read act report")
    per_minute = models.IntegerField(default=600)
    created = InstantField()
    expires = InstantField()
