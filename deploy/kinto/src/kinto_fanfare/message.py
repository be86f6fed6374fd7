"""What is posted to Fanfare: one call per channel, however many objects a request changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .changes import Change
from .settings import Settings

#: Fanfare takes 3967 bytes with its envelope around it, and 3000 bytes of a caller's own always.
MAX_BYTES = 3000
#: Fanfare's limit.
MAX_EXCLUDED = 100
#: No part of a notification's text needs more, and an id may be as long as a URL.
MAX_TEXT = 200


@dataclass(frozen=True)
class Call:
    """A notification on its way to a channel. Its key makes a repeat the same notification."""

    channel: str
    body: bytes = field(repr=False)
    key: str = field(default_factory=lambda: uuid.uuid4().hex)


def calls_of(settings: Settings, changes: Iterable[Change], exclude: Iterable[str]) -> list[Call]:
    """The calls for all that one request changed, in the order in which it did."""
    by_channel: dict[str, list[Change]] = {}
    for change in changes:
        channel = settings.channel.name(change.values)
        if channel and settings.announces(change.uri, change.action):
            by_channel.setdefault(channel, []).append(change)
    excluded = sorted(exclude)[:MAX_EXCLUDED]
    return [Call(channel, _body(settings, of_it, excluded)) for channel, of_it in by_channel.items()]


def _body(settings: Settings, changes: list[Change], exclude: list[str]) -> bytes:
    body: dict[str, Any] = {"ttl": settings.ttl, "urgency": settings.urgency}
    if exclude:
        body["exclude"] = exclude
    # Of several changes the last one's ids are shown: it is what a click should lead to.
    values = {**changes[-1].values, "count": str(len(changes))}
    if settings.topic:
        body["topic"] = settings.topic.fill(values)
    notification = {
        part: template.fill_url(values) if part == "navigate" else template.fill(values)[:MAX_TEXT]
        for part, template in settings.notification.items()
    }
    if notification:
        body["notification"] = notification
    body["data"] = {"kinto": _told(changes, MAX_BYTES - _size(notification))}
    return json.dumps(body).encode()


def _told(changes: list[Change], room: int) -> dict[str, Any]:
    """The changes as pages get them: not what is in the objects, and no more of them than fit."""
    told: list[dict[str, Any]] = []
    room -= 200  # what stands around the list
    for change in changes:
        one = {
            "action": change.action,
            "resource_name": change.resource_name,
            "uri": change.uri,
            "id": change.id,
            "last_modified": change.last_modified,
        }
        room -= _size(one) + 1
        if room < 0:
            break
        told.append(one)
    return {"changes": told, "total": len(changes), "truncated": len(told) < len(changes)}


def _size(value: Any) -> int:
    return len(json.dumps(value).encode())
