"""A stand-in for Fanfare: a real HTTP server on loopback that takes what the API's contract takes, and records it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote

KEY = "fk_" + "0123456789abcdef" * 3
APP = "kinto"
URGENCIES = ("very-low", "low", "normal", "high")
FIELDS = {"notification", "data", "ttl", "urgency", "topic", "exclude"}
#: With its envelope a payload may have 3967 bytes; what is around the caller's own is at most this.
MAX_OWN = 3967 - 700
#: What `/readyz` says of each part while all is well.
ALL_WELL = {"store": "ok", "tree": "ok", "delivery": "ok"}


@dataclass
class Notification:
    """One POST to a channel, as it came."""

    channel: str
    body: dict[str, Any]
    key: str

    @property
    def kinto(self) -> dict[str, Any]:
        """What the plugin tells of."""
        return self.body["data"]["kinto"]

    @property
    def told(self) -> list[tuple[str, str]]:
        """The changes, shortened."""
        return [(change["action"], change["uri"]) for change in self.kinto["changes"]]


@dataclass
class Reply:
    """What is answered instead of 202."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    detail: str = "as the test wants it"
    type: str = "about:blank"


class FakeFanfare:
    """Answers as Fanfare does, unless told otherwise."""

    def __init__(self) -> None:
        self.attempts: list[Notification] = []
        self.accepted: list[Notification] = []
        self.tokens: list[dict[str, Any]] = []
        #: What the contract does not allow; a test that leaves one here has failed.
        self.faults: list[str] = []
        self.replies: list[Reply] = []
        self.busy: dict[str, Reply] = {}
        self.parts = ALL_WELL
        self.open = threading.Event()
        self.open.set()
        self.arrived = threading.Semaphore(0)
        self._seen: set[str] = set()
        handler = type("Handler", (_Handler,), {"fanfare": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Also lets go of whoever is held."""
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, notification: Notification) -> Reply | None:
        """Records it; None where it is accepted."""
        self.attempts.append(notification)
        self.arrived.release()
        self.open.wait()
        if self.replies:
            return self.replies.pop(0)
        if notification.channel in self.busy:
            return self.busy[notification.channel]
        if notification.key not in self._seen:
            self._seen.add(notification.key)
            self.accepted.append(notification)
        return None


class _Handler(BaseHTTPRequestHandler):
    fanfare: FakeFanfare
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: pytest shows what fails."""

    def do_GET(self) -> None:
        if self.path == "/readyz":
            parts = self.fanfare.parts
            self._send(200 if parts == ALL_WELL else 503, "application/json", {"parts": parts})
        else:
            self._fault(404, f"no page {self.path}")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = self._fault_of_headers()
        if fault:
            self._fault(401, fault)
        elif self.path == "/v1/tokens":
            self._token(body)
        elif self.path.startswith("/v1/channels/") and self.path.endswith("/notifications"):
            self._notification(self.path.split("/")[3:-1], body)
        else:
            self._fault(404, f"no page {self.path}")

    def _fault_of_headers(self) -> str | None:
        wanted = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "Fanfare-App": APP}
        wrong = [name for name, value in wanted.items() if self.headers[name] != value]
        return f"headers {wrong} are not as they must be" if wrong else None

    def _notification(self, segments: list[str], body: dict[str, Any]) -> None:
        channel = unquote(segments[0])
        fault = _fault_of_notification(segments, body)
        key = self.headers["Idempotency-Key"] or ""
        if not 1 <= len(key) <= 255:
            fault = "no Idempotency-Key"
        if fault:
            return self._fault(422, fault)
        reply = self.fanfare.take(Notification(channel, body, key))
        answer = {"id": "ntf_x", "channel": channel, "seq": 1, "recipients": 0}
        return self._answer(reply or Reply(202), answer)

    def _token(self, body: dict[str, Any]) -> None:
        channels = body.get("channels", [])
        if set(body) != {"channels", "expires_in"} or not 1 <= len(channels) <= 100:
            return self._fault(422, f"not a request for a token: {body}")
        if not 1 <= body["expires_in"] <= 3600 or not all(_is_name(channel) for channel in channels):
            return self._fault(422, f"more than a page may have: {body}")
        if self.fanfare.replies:
            return self._answer(self.fanfare.replies.pop(0), {})
        self.fanfare.tokens.append(body)
        answer = {"token": f"token-{len(self.fanfare.tokens)}", "expires": "2026-11-22T07:00:00Z"}
        return self._answer(Reply(200), answer)

    def _fault(self, status: int, what: str) -> None:
        self.fanfare.faults.append(what)
        self._answer(Reply(status, detail=what), {})

    def _answer(self, reply: Reply, good: dict[str, Any]) -> None:
        bad = {"type": reply.type, "title": "No", "status": reply.status, "detail": reply.detail}
        if reply.status < 300:
            self._send(reply.status, "application/json", good, reply.headers)
        else:
            self._send(reply.status, "application/problem+json", bad, reply.headers)

    def _send(self, status: int, media_type: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(text)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


def _is_name(channel: str) -> bool:
    legal = channel.isprintable() and "*" not in channel and channel not in (".", "..")
    return legal and 1 <= len(channel.encode()) <= 200


def _fault_of_notification(segments: list[str], body: dict[str, Any]) -> str | None:
    if len(segments) != 1 or quote(unquote(segments[0]), safe="") != segments[0] or not _is_name(unquote(segments[0])):
        return f"{segments} is not a channel's name, percent-encoded"
    if set(body) - FIELDS:
        return f"unknown fields {set(body) - FIELDS}"
    if not 0 <= body.get("ttl", 0) <= 2_419_200 or body.get("urgency", "low") not in URGENCIES:
        return "ttl or urgency are not what they may be"
    if not all(one.startswith("sub_") and len(one) == 26 for one in body.get("exclude", [])):
        return "exclude does not hold subscriptions' ids"
    if len(json.dumps([body.get("data"), body.get("notification")])) > MAX_OWN:
        return "more than a payload holds"
    return None
