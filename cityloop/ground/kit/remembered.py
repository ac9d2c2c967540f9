"""A value kept in the process and thrown away when its version changes."""

import threading
import time
import weakref
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Generic, TypeVar

T = TypeVar("T")
_moment: ContextVar[float] = ContextVar("moment", default=0.0)


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all that is remembered stand still meanwhile: what was fresh at the beginning is not asked for again.

    So an answer is made from one state of the city, and costs as many questions however long it takes.
    """
    before = _moment.set(time.monotonic())
    try:
        yield
    finally:
        _moment.reset(before)


def moment() -> float:
    """Name the answer that is being made: all its parts see one state. 0.0 outside of any."""
    return _moment.get()


class Remembered(Generic[T]):
    """What `load` gave, as long as `version` answers the same; `version` is asked at most once in `seconds`.

    `seconds` may be a function, for a setting that tests change. `forget()` makes the next call ask anew.
    """

    _all: "ClassVar[weakref.WeakSet[Remembered[Any]]]" = weakref.WeakSet()

    def __init__(
        self, load: Callable[[], T], version: Callable[[], Hashable], seconds: float | Callable[[], float] = 1.0
    ) -> None:
        self._load, self._version, self._seconds = load, version, seconds
        self._lock = threading.Lock()
        self._kept: tuple[Hashable, T] | None = None
        self._ask_after = 0.0
        Remembered._all.add(self)

    @classmethod
    def drop_all(cls) -> None:
        """Throw away everything kept in this process: it belonged to another database."""
        for one in list(cls._all):
            one._kept, one._ask_after = None, 0.0

    def __call__(self) -> T:
        kept = self._kept
        if kept is not None and (_moment.get() or time.monotonic()) < self._ask_after:
            return kept[1]
        with self._lock:
            return self._fresh()

    def forget(self) -> None:
        """Ask for the version at the next call; the value survives if it is the same."""
        self._ask_after = 0.0

    def _fresh(self) -> T:
        version = self._version()
        if self._kept is None or self._kept[0] != version:
            self._kept = version, self._load()
        seconds = self._seconds() if callable(self._seconds) else self._seconds
        self._ask_after = time.monotonic() + seconds
        return self._kept[1]
