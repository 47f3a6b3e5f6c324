"""A flag between processes that no death can jam.

multiprocessing.Event.set() waits until whoever sleeps on the event has woken. A sleeper that was
killed never does, and the setter waits for ever. A pipe has no such lock.
"""

from __future__ import annotations

import os
import select


class Flag:
    """Shared with a forked process. Once raised, it stays so."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def set(self) -> None:
        try:
            os.write(self._write, b"!")
        except BlockingIOError:  # raised thousands of times: it is up
            return

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, timeout: float) -> bool:
        """Whether it is up, after at most `timeout` seconds."""
        return bool(select.select([self._read], [], [], timeout)[0])

    def fileno(self) -> int:
        return self._read

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)
