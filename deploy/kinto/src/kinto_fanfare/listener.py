"""From events to calls. Kinto tells of each kind of change by itself; a request's are gathered until its end."""

from __future__ import annotations

import logging
import re
from typing import Any

from .changes import Change, changes_of
from .message import calls_of
from .sender import Sender
from .settings import Settings

logger = logging.getLogger("kinto_fanfare")

#: By this header a client names its own subscription, which is not told of what it did itself.
HEADER = "Fanfare-Subscription"
SUBSCRIPTION = re.compile(r"sub_[0-9A-Za-z]{22}")
GATHERED = "kinto_fanfare"


class Listener:
    """Hears of what was committed."""

    def __init__(self, settings: Settings, sender: Sender) -> None:
        self._settings = settings
        self._sender = sender

    def __call__(self, event: Any) -> None:
        """For `AfterResourceChanged`, which Kinto sends after the commit only."""
        request = event.request
        gathered = request.bound_data.get(GATHERED)
        if gathered is None:
            # The requests of a batch share `bound_data`; the outermost one ends when all has been told.
            gathered = request.bound_data[GATHERED] = Gathered()
            _outermost(request).add_finished_callback(lambda _: self._send(gathered))
        gathered.changes.extend(changes_of(event))
        named = request.headers.get(HEADER, "")
        if SUBSCRIPTION.fullmatch(named):
            gathered.exclude.add(named)

    def _send(self, gathered: Gathered) -> None:
        try:
            self._sender.put(calls_of(self._settings, gathered.changes, gathered.exclude))
        except Exception:  # the write is committed and answered: nothing here may undo that answer
            logger.exception("the notifications of a write could not be made")


class Gathered:
    """What one request did."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.exclude: set[str] = set()


def _outermost(request: Any) -> Any:
    while getattr(request, "parent", None) is not None:
        request = request.parent
    return request
