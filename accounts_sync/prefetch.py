"""The next page is fetched while this one is committed: in one thread, one page ahead at most."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

from rewards_site.button.pages import Page

_LOOK_SECONDS = 0.2
"""How often a wait looks whether it is to be given up."""


class Ahead:
    """Walks `pages` in a thread of its own, which asks Button and never the database.

    A page is fetched when it was asked for by `ask()`, and handed over by `take()`. Left early, the
    thread is not waited for: it ends by itself with the answer that is under way.
    """

    def __init__(self, pages: Iterator[Page]) -> None:
        self._pages = pages
        self._asked = threading.Semaphore(0)
        self._ready: queue.SimpleQueue[Page | BaseException] = queue.SimpleQueue()
        self._is_left = False
        # A daemon: an interpreter that ends does not wait for Button's answer either.
        self._thread = threading.Thread(target=self._walk, name="pages ahead", daemon=True)

    def __enter__(self) -> Ahead:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_left = True
        self._asked.release()

    def ask(self) -> None:
        """Have one more page fetched."""
        self._asked.release()

    def take(self, *, gives_up: Callable[[], bool]) -> Page | None:
        """The next page that was asked for; None if `gives_up` came first.

        Raises: what the walk over the pages raises.
        """
        while True:
            try:
                told = self._ready.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                if gives_up():
                    return None
                continue
            if isinstance(told, BaseException):
                raise told
            return told

    def _walk(self) -> None:
        try:
            while True:
                self._asked.acquire()
                if self._is_left:
                    return
                self._ready.put(next(self._pages))
        except BaseException as error:  # it is for whoever takes
            self._ready.put(error)
