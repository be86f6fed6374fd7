"""The calls on their way to Fanfare: a bounded queue, and one thread that serves it.

No write to Kinto waits for it. It starts with the first call, so that each process of a server that forks has its own.
Calls are made one by one and in order. While Fanfare is away all of them wait; a channel that is too busy (429) waits
alone. The oldest make room for what is new: a page that fetches anew after the latest change sees the earlier ones too.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .client import Busy, Refused, Unavailable
from .message import Call
from .troubles import Troubles

logger = logging.getLogger("kinto_fanfare")


@dataclass(frozen=True)
class Limits:
    """How much waits, and for how long."""

    size: int
    retry_min: float
    retry_max: float
    give_up: float
    flush: float


@dataclass
class _Waiting:
    call: Call
    since: float = field(default_factory=time.monotonic)
    failures: int = 0


class Sender:
    """Sends what it is given, when it can."""

    def __init__(self, send: Callable[[Call], None], limits: Limits) -> None:
        self._send = send
        self._limits = limits
        self._start_anew()
        start_anew = weakref.WeakMethod(self._start_anew)
        os.register_at_fork(after_in_child=lambda: (start_anew() or (lambda: None))())

    def _start_anew(self) -> None:
        # Also in a forked child: it has no thread, its lock may be held by one of the parent's, and what waits is
        # sent by the parent.
        self._queue: deque[_Waiting] = deque()
        self._not_before = 0.0
        self._busy_until: dict[str, float] = {}
        self._in_hand = 0
        self._lost = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._troubles = Troubles(logger)

    def put(self, calls: Iterable[Call]) -> None:
        """Takes the calls and returns at once."""
        with self._changed:
            for call in calls:
                self._queue.append(_Waiting(call))
                if len(self._queue) > self._limits.size:
                    self._queue.popleft()
                    self._troubles.dropped(f"more than {self._limits.size} wait (fanfare.queue_size)")
            self._changed.notify_all()
            if self._queue and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kinto-fanfare", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    @property
    def is_full(self) -> bool:
        """Whether the next call costs another."""
        return len(self._queue) >= self._limits.size

    def wait_until_sent(self, seconds: float) -> bool:
        """Waits until nothing is left; false when that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._in_hand, seconds)

    def close(self) -> None:
        """Tries what is left once more, for a short time, and ends. What cannot be sent now is lost, and counted."""
        atexit.unregister(self.close)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self.wait_until_sent(self._limits.flush)
        with self._changed:
            lost = self._lost + len(self._queue) + self._in_hand
            self._queue.clear()
            self._lost = 0
            self._changed.notify_all()
        if lost:
            logger.error("%d notifications could not be sent before the process ended", lost)

    def _run(self) -> None:
        while True:
            with self._changed:
                waiting = self._take()
                if waiting is None:
                    return
                self._in_hand = 1
            done = self._try(waiting)
            with self._changed:
                self._in_hand = 0
                if not done and self._closing:
                    self._lost += 1
                elif not done:
                    self._queue.appendleft(waiting)
                self._changed.notify_all()

    def _take(self) -> _Waiting | None:
        """Waits for the first that is due; none when the end has come and nothing is left."""
        while True:
            now = time.monotonic()
            self._busy_until = {channel: until for channel, until in self._busy_until.items() if until > now}
            due = [(self._due(waiting), index) for index, waiting in enumerate(self._queue)]
            first = next((index for until, index in due if until <= now or self._closing), None)
            if first is not None:
                waiting = self._queue[first]
                del self._queue[first]
                return waiting
            if self._closing:
                return None
            self._changed.wait(min(due)[0] - now if due else None)

    def _due(self, waiting: _Waiting) -> float:
        return max(self._not_before, self._busy_until.get(waiting.call.channel, 0.0))

    def _try(self, waiting: _Waiting) -> bool:
        """Whether the call has come to an end, good or bad."""
        call = waiting.call
        try:
            self._send(call)
        except Busy as error:
            self._troubles.counted(f"busy: {error.kind}", str(error))
            self._busy_until[call.channel] = self._again(waiting, error.retry_after)
        except Unavailable as error:
            self._troubles.unavailable(str(error))
            self._not_before = self._again(waiting, error.retry_after)
        except Refused as error:
            self._troubles.counted(f"refused: {error.kind}", str(error))
            return True
        except Exception:  # a fault of ours must not end the thread, on which every later call depends
            logger.exception("a notification could not be sent")
            return True
        else:
            self._troubles.sent()
            return True
        if time.monotonic() - waiting.since < self._limits.give_up:
            return False
        self._troubles.dropped(f"tried for {self._limits.give_up:g} seconds (fanfare.give_up_seconds)")
        return True

    def _again(self, waiting: _Waiting, retry_after: float | None) -> float:
        # Jitter, so that many processes do not come back in step; never sooner than Fanfare asked.
        waiting.failures += 1
        longest = min(self._limits.retry_max, self._limits.retry_min * 2 ** min(waiting.failures - 1, 30))
        return time.monotonic() + max(retry_after or 0.0, random.uniform(longest / 2, longest))
