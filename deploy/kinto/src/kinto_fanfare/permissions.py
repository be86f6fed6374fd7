"""Which channels somebody may read: those of which Kinto would show them everything that is told there.

A name of a channel holds a bucket, collection or record (its scope), so reading that is what it takes; Kinto's own
inheritance says who may. What is told of a user's own changes goes by the user's id, which is nobody else's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice, product
from typing import Any

from kinto.authorization import PERMISSIONS_INHERITANCE_TREE
from kinto.core.utils import strip_uri_prefix
from pyramid.settings import aslist

from .changes import uri_of
from .channels import own_channel
from .settings import Settings

#: Fanfare's limit for a token.
MAX_CHANNELS = 100
#: A token has at most 4096 bytes, of which base64 and the other claims take the rest.
MAX_BYTES = 2800
#: Each within the one before it.
KINDS = ("bucket", "collection", "record")
#: What is told in a channel of such a scope.
BENEATH = {
    "bucket": ("bucket", "group", "collection", "record"),
    "collection": ("collection", "record"),
    "record": ("record",),
}


class Unknown(Exception):
    """What was asked for cannot be had by anybody."""


class Forbidden(Exception):
    """What was asked for is not for this user."""


class Reader:
    """Somebody who is authenticated, in one request."""

    def __init__(self, request: Any, settings: Settings) -> None:
        self._settings = settings
        self._registry = request.registry
        self._user_id: str = request.prefixed_userid
        self._principals = set(request.prefixed_principals)
        self._default_bucket = getattr(request, "default_bucket_id", None)
        fields = settings.channel.fields
        self._scope = next((kind for kind in reversed(KINDS) if f"{kind}_id" in fields), None)

    def channels_of(self, wanted: Iterable[str]) -> list[str]:
        """The user's own channel and those of the resources that were named: all of them, or an error."""
        channels = self._own()
        for uri in wanted:
            if self._scope is None:
                raise Unknown(f"{uri}: changes are told in their user's own channel only")
            names = self._scope_of(uri)
            if not self._settings.may_announce_within(uri_of(names)):
                raise Unknown(f"{uri}: its changes are not told (fanfare.resources, fanfare.exclude)")
            if not self._may_read(names):
                raise Forbidden(f"{uri} is not yours to read")
            found = list(self._channels(names))
            if not found:
                raise Unknown(f"{uri}: its name is too long for a channel")
            channels += found
        channels = list(_unique(channels))
        if list(_fitting(channels)) != channels:
            raise Unknown(
                f"these are too many for one token, which takes {MAX_CHANNELS} short names; ask several times"
            )
        return channels

    def every_channel(self) -> tuple[list[str], bool]:
        """The user's own channel and all others that a token holds; and whether there are more than that."""
        readable = (names for names in self._candidates() if self._settings.may_announce_within(uri_of(names)))
        found = (name for names in readable if self._may_read(names) for name in self._channels(names))
        some = list(islice(_unique(chain(self._own(), found)), MAX_CHANNELS + 1))
        fitting = list(_fitting(some))
        return fitting, len(fitting) < len(some)

    def _own(self) -> list[str]:
        own = own_channel(self._user_id)
        return [own] if own else []

    def _scope_of(self, uri: str) -> dict[str, str]:
        """The ids of the bucket, collection or record whose channel tells of this resource."""
        parts = strip_uri_prefix(uri).split("/")[1:]
        kinds = KINDS[: len(parts) // 2]
        if not kinds or len(parts) % 2 or parts[0::2] != [f"{kind}s" for kind in kinds]:
            raise Unknown(f"{uri} is not the URI of a bucket, collection or record")
        names = dict(zip((f"{kind}_id" for kind in kinds), parts[1::2], strict=True))
        if names["bucket_id"] == "default" and self._default_bucket:
            names["bucket_id"] = self._default_bucket
        generators = self._registry.id_generators
        for kind in kinds:
            if not generators.get(kind, generators[""]).match(names[f"{kind}_id"]):
                raise Unknown(f"{uri} is not the URI of a bucket, collection or record")
        if self._scope not in kinds:
            raise Unknown(f"{uri}: channels are of a {self._scope} each; name those")
        return {f"{kind}_id": names[f"{kind}_id"] for kind in _down_to(self._scope)}

    def _channels(self, names: dict[str, str]) -> Iterator[str]:
        kinds = BENEATH[self._scope or "bucket"]
        # Of an action or a kind that the name does not hold, every choice is the same channel.
        for action, kind in product(sorted(self._settings.actions), kinds):
            values = {**names, "user_id": self._user_id, "action": action, "resource_name": kind}
            name = self._settings.channel.name(values)
            if name:
                yield name

    def _may_read(self, names: dict[str, str]) -> bool:
        assert self._scope is not None
        if all(self._is_granted_by_settings(kind) for kind in BENEATH[self._scope]):
            return True
        # Not the policy's `read` of a collection, which those who may only create records have as well
        # (`read:attributes`): what is told is of the records.
        granting = PERMISSIONS_INHERITANCE_TREE[self._scope]["read"]
        uris = {kind: uri_of({f"{one}_id": names[f"{one}_id"] for one in _down_to(kind)}) for kind in granting}
        bound = [(uris[kind], permission) for kind, permissions in granting.items() for permission in permissions]
        return bool(self._registry.permission.check_permission(self._principals, bound))

    def _is_granted_by_settings(self, kind: str) -> bool:
        settings = self._registry.settings
        readers = aslist(settings.get(f"{kind}_read_principals", ""))
        writers = aslist(settings.get(f"{kind}_write_principals", ""))
        return not self._principals.isdisjoint(readers + writers)

    def _candidates(self) -> Iterator[dict[str, str]]:
        """What may be readable, by the permission backend: buckets, or collections. Of records there is no end."""
        if self._scope not in ("bucket", "collection"):
            return
        buckets = sorted(uri.split("/")[2] for uri in self._shared("/buckets/*"))
        if self._scope == "bucket":
            yield from ({"bucket_id": bucket} for bucket in buckets)
            return
        most = self._registry.settings["storage_max_fetch_size"]
        for bucket in buckets:
            inside = self._registry.storage.list_all("collection", f"/buckets/{bucket}", limit=most)
            names = sorted(one["id"] for one in inside)
            yield from ({"bucket_id": bucket, "collection_id": name} for name in names)
        for uri in sorted(self._shared("/buckets/*/collections/*")):
            _, _, bucket, _, collection = uri.split("/")
            yield {"bucket_id": bucket, "collection_id": collection}

    def _shared(self, pattern: str) -> list[str]:
        bound = [(pattern, "read"), (pattern, "write")]
        found = self._registry.permission.get_accessible_objects(self._principals, bound, with_children=False)
        return [uri for uri in found if uri.count("/") == pattern.count("/")]


def _down_to(kind: str) -> tuple[str, ...]:
    return KINDS[: KINDS.index(kind) + 1]


def _unique(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            seen.add(name)
            yield name


def _fitting(channels: Iterable[str]) -> Iterator[str]:
    room = MAX_BYTES
    for channel in islice(channels, MAX_CHANNELS):
        room -= len(json.dumps(channel, ensure_ascii=False).encode()) + 1
        if room < 0:
            return
        yield channel
