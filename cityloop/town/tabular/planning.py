"""How a database goes about a question that is asked again and again."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def planned_anew() -> Iterator[None]:
    """Let PostgreSQL plan the statements of this block for the values they come with.

    What it has prepared it plans after some calls once for all values, as if each range held a two-hundredth of its
    column. An organisation may take part in a quarter of a million cases: counting them took five times as long then.
    Planning costs less than a millisecond; it is right where the question itself takes many. SQLite always does so.
    """
    connection.ensure_connection()
    driver = connection.connection
    before = getattr(driver, "prepare_threshold", None)
    if before is None:
        yield
        return
    driver.prepare_threshold = None
    try:
        yield
    finally:
        driver.prepare_threshold = before
