"""The settings, read once at the start: whatever is missing or wrong stops it, with an example."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from kinto.core.utils import read_env
from pyramid.exceptions import ConfigurationError
from pyramid.settings import aslist

from .changes import ACTIONS, is_within
from .channels import ChannelTemplate
from .templates import Template

T = TypeVar("T")

#: Each setting with an example of it.
EXAMPLES = {
    "server": "http://127.0.0.1:8080",
    "public_server": "https://push.example.com",
    "key": "fk_…, from `fanfare key create --scopes notify,subscribe`",
    "key_file": "/etc/kinto/fanfare-key",
    "app": "default",
    "channel": "{bucket_id}/{collection_id}",
    "resources": "/buckets/blog /buckets/shop/collections/orders",
    "exclude": "/buckets/blog/collections/drafts",
    "actions": "create update delete",
    "exclude_actions": "delete",
    "notification.title": "News in {collection_id}",
    "notification.body": "{count} changes",
    "notification.navigate": "https://www.example.com/{collection_id}",
    "notification.tag": "{bucket_id}/{collection_id}",
    "topic": "{collection_id}",
    "ttl": "86400",
    "urgency": "normal",
    "timeout_seconds": "5",
    "queue_size": "1000",
    "retry_min_seconds": "1",
    "retry_max_seconds": "60",
    "give_up_seconds": "3600",
    "flush_seconds": "2",
    "token_seconds": "3600",
}
URGENCIES = ("very-low", "low", "normal", "high")
#: Fanfare knows an Idempotency-Key for a day; a repeat after that would be a second notification.
LONGEST_RETRY = 80_000.0


@dataclass(frozen=True)
class Settings:
    """What holds, checked."""

    server: str
    public_server: str
    key: str = field(repr=False)
    app: str
    channel: ChannelTemplate
    resources: tuple[str, ...]
    exclude: tuple[str, ...]
    actions: frozenset[str]
    notification: dict[str, Template]
    topic: Template | None
    ttl: int
    urgency: str
    timeout_seconds: float
    queue_size: int
    retry_min_seconds: float
    retry_max_seconds: float
    give_up_seconds: float
    flush_seconds: float
    token_seconds: int

    def announces(self, uri: str, action: str) -> bool:
        """Whether this change of that object is told at all."""
        included = not self.resources or any(is_within(uri, one) for one in self.resources)
        return included and not self._is_excluded(uri) and action in self.actions

    def may_announce_within(self, uri: str) -> bool:
        """Whether anything at or beneath it is ever told."""
        near = not self.resources or any(is_within(uri, one) or is_within(one, uri) for one in self.resources)
        return near and not self._is_excluded(uri)

    def _is_excluded(self, uri: str) -> bool:
        return any(is_within(uri, one) for one in self.exclude)


def read_settings(given: Mapping[str, Any]) -> Settings:
    """Reads `fanfare.…`; the environment's `KINTO_FANFARE_…` goes first, as with Kinto's own."""
    reader = _Reader(given)
    server = reader.required("server", _origin)
    actions = frozenset(reader.get("actions", _actions, ACTIONS)) - set(reader.get("exclude_actions", _actions, ()))
    if not actions:
        raise reader.wrong("exclude_actions", "it leaves no action at all")
    return Settings(
        server=server,
        public_server=reader.get("public_server", _origin, server),
        key=reader.key(),
        app=reader.get("app", _text, "default"),
        channel=reader.get("channel", ChannelTemplate, ChannelTemplate(EXAMPLES["channel"])),
        resources=reader.get("resources", _uris, ()),
        exclude=reader.get("exclude", _uris, ()),
        actions=actions,
        notification=reader.notification(),
        topic=reader.get("topic", Template, None),
        ttl=reader.get("ttl", _number(int, 0, 2_419_200), 86_400),
        urgency=reader.get("urgency", _urgency, "normal"),
        timeout_seconds=reader.get("timeout_seconds", _number(float, 0.1, 60), 5.0),
        queue_size=reader.get("queue_size", _number(int, 1, 1_000_000), 1000),
        retry_min_seconds=reader.get("retry_min_seconds", _number(float, 0.01, 60), 1.0),
        retry_max_seconds=reader.get("retry_max_seconds", _number(float, 0.01, 3600), 60.0),
        give_up_seconds=reader.get("give_up_seconds", _number(float, 0, LONGEST_RETRY), 3600.0),
        flush_seconds=reader.get("flush_seconds", _number(float, 0, 60), 2.0),
        token_seconds=reader.get("token_seconds", _number(int, 1, 3600), 3600),
    )


class _Reader:
    def __init__(self, given: Mapping[str, Any]) -> None:
        prefix = given.get("settings_prefix") or "kinto"
        found = {name: read_env(f"{prefix}.fanfare.{name}", given.get(f"fanfare.{name}")) for name in EXAMPLES}
        self._found = {name: value for name, value in found.items() if value not in (None, "")}
        known = [f"fanfare.{name}" for name in EXAMPLES]
        unknown = sorted(name for name in given if name.startswith("fanfare.") and name not in known)
        if unknown:
            near = difflib.get_close_matches(unknown[0], known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigurationError(f"there is no setting {unknown[0]}{hint}")

    def wrong(self, name: str, why: str) -> ConfigurationError:
        return ConfigurationError(f"setting fanfare.{name}: {why} (for example: fanfare.{name} = {EXAMPLES[name]})")

    def get(self, name: str, read: Callable[[Any], T], default: Any) -> T:
        if name not in self._found:
            return cast(T, default)
        try:
            return read(self._found[name])
        except ValueError as error:
            raise self.wrong(name, str(error)) from None

    def required(self, name: str, read: Callable[[Any], T]) -> T:
        if name not in self._found:
            raise self.wrong(name, "it is missing")
        return self.get(name, read, None)

    def key(self) -> str:
        if {"key", "key_file"} <= self._found.keys():
            raise self.wrong("key_file", "fanfare.key is there as well; one of them is enough")
        if "key_file" in self._found:
            return self.get("key_file", _key_file, None)
        return self.required("key", _key)

    def notification(self) -> dict[str, Template]:
        named = {name.partition(".")[2]: name for name in EXAMPLES if name.startswith("notification.")}
        read = {part: self.get(name, _sentence, None) for part, name in named.items()}
        template = {part: one for part, one in read.items() if one is not None}
        if template and "title" not in template:
            raise self.wrong("notification.title", "it is missing, and the notification has other parts")
        navigate = template.get("navigate")
        if navigate and not navigate.text.startswith(("https://", "http://localhost", "http://127.0.0.1")):
            raise self.wrong("notification.navigate", "it is not an absolute https URL")
        return template


def _text(value: Any) -> str:
    return str(value)


def _sentence(value: Any) -> Template:
    return Template(str(value), more=("count",))


def _origin(value: Any) -> str:
    url = urlsplit(str(value).rstrip("/"))
    if url.scheme not in ("http", "https") or not url.hostname or url.username or url.path or url.query or url.fragment:
        raise ValueError("it is not the address of a server: http(s)://, a name, and a port if need be")
    return url.geturl()


def _key(value: Any) -> str:
    key = str(value).strip()
    if not key.startswith("fk_") or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("it is not an API key of Fanfare, which begins with fk_")
    return key


def _key_file(value: Any) -> str:
    try:
        return _key(Path(str(value)).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{value} cannot be read: {error.strerror}") from None


def _uris(value: Any) -> tuple[str, ...]:
    uris = tuple(str(uri).rstrip("/") for uri in (value if isinstance(value, list) else aslist(value)))
    for uri in uris:
        names = uri.split("/")[1::2]
        whole = uri.startswith("/") and len(uri.split("/")) % 2 == 1 and all(uri.split("/")[1:])
        known = names in (["buckets"], ["buckets", "groups"], ["buckets", "collections", "records"][: len(names)])
        if not whole or not known or "*" in uri:
            raise ValueError(f"{uri} is not the URI of a bucket, collection, group or record")
    return uris


def _actions(value: Any) -> tuple[str, ...]:
    actions = tuple(value if isinstance(value, list) else aslist(value))
    for action in actions:
        if action not in ACTIONS:
            raise ValueError(f"{action} is not one of {', '.join(ACTIONS)}")
    return actions


def _urgency(value: Any) -> str:
    if value not in URGENCIES:
        raise ValueError(f"{value} is not one of {', '.join(URGENCIES)}")
    return str(value)


def _number(kind: Callable[[Any], T], least: float, most: float) -> Callable[[Any], T]:
    def read(value: Any) -> T:
        limits = f"it must be a number from {least:g} to {most:g}"
        try:
            number = kind(str(value))
        except ValueError:
            raise ValueError(f"{limits}, not {value!r}") from None
        if not least <= number <= most:  # type: ignore[operator]
            raise ValueError(f"{limits}, not {value!r}")
        return number

    return read
