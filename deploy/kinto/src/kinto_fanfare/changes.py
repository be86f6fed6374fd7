"""What Kinto's events say, one change per object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

RESOURCES = ("bucket", "group", "collection", "record")
ACTIONS = ("create", "update", "delete")


@dataclass(frozen=True)
class Change:
    """One object that was created, updated or deleted."""

    action: str
    resource_name: str
    uri: str
    id: str
    last_modified: int | None
    #: What templates are filled with; a field that the change does not have is absent.
    values: dict[str, str]


def changes_of(event: Any) -> Iterator[Change]:
    """The changes of an `AfterResourceChanged`: Kinto makes one event of many objects of one parent.

    It has one user: if the parts of a batch were sent with different users' credentials, it is the first one's.
    """
    payload = event.payload
    kind, action = payload["resource_name"], payload["action"]
    for impacted in event.impacted_objects:
        # What was deleted has a tombstone as its new state.
        state = impacted.get("new") or impacted["old"]
        # The payload's own ids are those of the first object alone (Kinto/kinto#945); the parents' are everybody's.
        names = {"bucket_id": payload.get("bucket_id"), "collection_id": payload.get("collection_id")}
        names[f"{kind}_id"] = state["id"]
        given = {**names, "user_id": payload.get("user_id"), "action": action, "resource_name": kind}
        values = {name: str(value) for name, value in given.items() if value}
        yield Change(action, kind, uri_of(values), state["id"], state.get("last_modified"), values)


def uri_of(names: dict[str, str]) -> str:
    """The object's URI, without the version of the API."""
    uri = f"/buckets/{names['bucket_id']}"
    if "group_id" in names:
        return f"{uri}/groups/{names['group_id']}"
    if "collection_id" in names:
        uri += f"/collections/{names['collection_id']}"
    if "record_id" in names:
        uri += f"/records/{names['record_id']}"
    return uri


def is_within(uri: str, other: str) -> bool:
    """Whether it is the other, or beneath it."""
    return uri == other or uri.startswith(other + "/")
