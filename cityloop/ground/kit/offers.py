"""What a plate offers residents and other organisations: service items with forms and documents, datasets."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cityloop.ground.kit.basics import Flag, Key, Level, Limit, Model, Question, Words, once


class Document(Model):
    """A paper that belongs to an application; `dataset`: the city has it already and asks there instead."""

    key: Key
    names: Words
    required: Flag = True
    dataset: Key | None = None


class ServiceItem(Model):
    """Something a resident or an organisation applies for. `limit` is what is promised, `result` what they get."""

    key: Key
    names: Words
    about: Words
    organisation: Key
    kind: Literal["permit", "registration", "subsidy", "booking", "certificate", "relief"]
    applicants: Literal["person", "organisation", "both"] = "both"
    limit: Limit
    fee: Words | None = None
    form: Annotated[tuple[Question, ...], Field(min_length=1)]
    documents: tuple[Document, ...] = ()
    result: Words

    @model_validator(mode="after")
    def _keys_once(self) -> Self:
        once("form", [question.key for question in self.form])
        once("documents", [document.key for document in self.documents])
        return self


class DataField(Model):
    """A column of a dataset; `personal` where it is about a person."""

    key: Key
    names: Words
    type: Literal["text", "number", "bool", "date", "instant", "place", "code"] = "text"
    personal: Flag = False


class Dataset(Model):
    """Data that an organisation keeps. `level` is its confidentiality, 0 public to 3; `sharing` who may have it."""

    key: Key
    names: Words
    about: Words
    organisation: Key
    level: Level
    sharing: Literal["open", "shared", "conditional", "closed"]
    every: Limit | None = None
    fields: Annotated[tuple[DataField, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _open_is_public(self) -> Self:
        once("fields", [field.key for field in self.fields])
        if self.sharing == "open" and (self.level or any(field.personal for field in self.fields)):
            raise ValueError("only data of level 0 without personal fields is open")
        if self.level == 0 and any(field.personal for field in self.fields):
            raise ValueError("data with personal fields is not of level 0")
        return self
