"""Fanfare's HTTP API, as far as it is needed. The key goes to the configured server alone and into no message."""

from __future__ import annotations

import json
import time
from datetime import timezone
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import requests

from .message import Call

#: Answers that concern this call or its channel and may be others later; 409 is a call of the same Idempotency-Key that
#: is still under way.
BUSY = (409, 429)
#: No longer than this is waited because of a Retry-After.
LONGEST_WAIT = 3600.0
#: For what somebody waits: a page for its token, a load balancer for the heartbeat.
SHORT_TIMEOUT = 3.0


class Unavailable(Exception):
    """Fanfare cannot take it now; later it may."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Busy(Exception):
    """This channel's notifications have to wait; others need not."""

    def __init__(self, kind: str, why: str, retry_after: float | None) -> None:
        super().__init__(why)
        self.kind = kind
        self.retry_after = retry_after


class Refused(Exception):
    """Fanfare does not take it, and will not if it is asked again."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class _Bearer(requests.auth.AuthBase):
    # As an `auth`, since requests would let a .netrc replace a mere header.
    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Client:
    """Calls to one server, with one app's key."""

    def __init__(self, server: str, app: str, key: str, timeout: float) -> None:
        self._server = server
        self._app = app
        self._auth = _Bearer(key)
        self._timeout = timeout
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def notify(self, call: Call) -> None:
        """Posts a notification to a channel. A repeat of the same call is one notification all the same."""
        path = f"/v1/channels/{quote(call.channel, safe='')}/notifications"
        self._post(path, call.body, self._timeout, {"Idempotency-Key": call.key})

    def token(self, channels: list[str], seconds: int) -> str:
        """A subscriber token for these channels."""
        body = json.dumps({"channels": channels, "expires_in": seconds}).encode()
        token = self._post("/v1/tokens", body, min(self._timeout, SHORT_TIMEOUT)).get("token")
        if not isinstance(token, str):
            raise Refused("no-token", "the answer holds no token")
        return token

    def takes_notifications(self) -> bool:
        """Whether what it is told is accepted now. A node that an operator has drained accepts, and sends later."""
        timeout = min(self._timeout, SHORT_TIMEOUT)
        try:
            answer = self._session.get(f"{self._server}/readyz", timeout=timeout, allow_redirects=False)
        except requests.RequestException:
            return False
        if answer.status_code == 200:
            return True
        try:
            parts = answer.json()["parts"]
            return bool(parts["store"] == parts["tree"] == "ok")
        except (requests.JSONDecodeError, KeyError, TypeError):
            return False

    def _post(self, path: str, body: bytes, timeout: float, headers: dict[str, str] | None = None) -> Any:
        headers = {"Content-Type": "application/json", "Fanfare-App": self._app, **(headers or {})}
        try:
            answer = self._session.post(
                self._server + path, data=body, headers=headers, auth=self._auth, timeout=timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            # Its text may hold the whole URL; what kind it is says enough.
            raise Unavailable(f"{self._server} cannot be reached ({type(error).__name__})") from None
        return _read(answer)


def _read(answer: requests.Response) -> Any:
    try:
        said = json.loads(answer.content)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    if 200 <= answer.status_code < 300:
        return said
    if 300 <= answer.status_code < 400:
        why = f"{answer.status_code}: a redirect, which is not followed; fanfare.server must be where it leads"
        raise Refused("redirect", why)
    why = f"{answer.status_code}: {said.get('detail') or said.get('title') or answer.reason}"
    kind = str(said.get("type", answer.status_code))
    retry_after = _seconds(answer.headers.get("Retry-After"))
    if answer.status_code in BUSY:
        raise Busy(kind, why, retry_after)
    if answer.status_code >= 500 or answer.status_code == 408:
        raise Unavailable(why, retry_after)
    raise Refused(kind, why)


def _seconds(retry_after: str | None) -> float | None:
    """RFC 9110 §10.2.3: seconds, or a date."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after) if retry_after.isdecimal() else _until(retry_after)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _until(date: str) -> float:
    moment = parsedate_to_datetime(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() - time.time()
