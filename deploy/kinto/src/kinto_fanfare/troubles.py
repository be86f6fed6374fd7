"""What goes wrong on the way to Fanfare, told and counted, but not once per notification."""

from __future__ import annotations

import logging


class Troubles:
    """Logs when it begins and, when a notification gets through again, that it is over, with the counts."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._failures = 0
        self._drops = 0
        self._counts: dict[str, int] = {}

    def unavailable(self, why: str) -> None:
        """Fanfare is away; everything waits."""
        self._failures += 1
        if self._failures == 1:
            self._logger.warning("Fanfare takes no notifications, they wait: %s", why)

    def dropped(self, why: str) -> None:
        """One was given up."""
        self._drops += 1
        if self._drops == 1:
            self._logger.error("notifications are dropped, the oldest first: %s", why)

    def counted(self, kind: str, why: str) -> None:
        """One was not taken; others may be meanwhile, so each kind is told at the 1st, the 10th, the 100th …"""
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if str(count).rstrip("0") == "1":
            self._logger.error("Fanfare did not take a notification (%d for this reason so far): %s", count, why)

    def sent(self) -> None:
        """One got through."""
        if self._failures or self._drops:
            self._logger.warning(
                "Fanfare takes notifications again, after %d failed attempts and %d dropped notifications",
                self._failures,
                self._drops,
            )
        self._failures = self._drops = 0
