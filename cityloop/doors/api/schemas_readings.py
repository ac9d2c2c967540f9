"""What is told of instruments' readings at the JSON door."""

from ninja import Schema


class LatestOut(Schema):
    """What datastreams said last, as columns of one length. A value is null where it is no number."""

    datastreams: list[int]
    times: list[str]
    values: list[float | None]
    next: str | None
