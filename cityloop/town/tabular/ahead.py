"""Reading ahead: the next rows are read while the database writes the last ones."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(chunks: Iterator[T]) -> Iterator[T]:
    """Give chunks in their order, each read by a thread beside while the one before is worked on."""
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(next, chunks, None)
        while (chunk := waiting.result()) is not None:
            waiting = beside.submit(next, chunks, None)
            yield chunk
