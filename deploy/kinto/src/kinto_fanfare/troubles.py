"""What goes wrong on the way to Fanfare, told and counted, but not once per notification."""

from __future__ import annotations

import logging
import threading


class Troubles:
    """Logs when it begins and, when a notification gets through again, that it is over, with the counts."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._lock = threading.Lock()
        self._failures = 0
        self._drops = 0
        self._counts: dict[str, int] = {}

    def unavailable(self, why: str) -> None:
        """Fanfare is away; everything waits."""
        with self._lock:
            self._failures += 1
            if self._failures == 1:
                self._logger.warning("Fanfare takes no notifications, they wait: %s", why)

    def dropped(self, why: str) -> None:
        """One was given up."""
        with self._lock:
            self._drops += 1
            if self._drops == 1:
                self._logger.error("notifications are dropped, the oldest first: %s", why)

    def counted(self, kind: str, why: str) -> None:
        """One was not taken; others may be meanwhile, so each kind is told at the 1st, the 10th, the 100th …"""
        with self._lock:
            count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if str(count).rstrip("0") == "1":
            self._logger.error("Fanfare did not take a notification (%d for this reason so far): %s", count, why)

    def sent(self) -> None:
        """One got through."""
        with self._lock:
            failures, drops = self._failures, self._drops
            self._failures = self._drops = 0
        if failures or drops:
            self._logger.warning(
                "Fanfare takes notifications again, after %d failed attempts and %d dropped notifications",
                failures,
                drops,
            )
