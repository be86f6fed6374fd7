"""A real Kinto, in this process and in memory, with the plugin."""

from __future__ import annotations

import base64
from typing import Any

import kinto
import webtest

from fake_fanfare import APP, KEY

BASIC = {
    "includes": "kinto_fanfare kinto.plugins.default_bucket",
    "multiauth.policies": "basicauth",
    "userid_hmac_secret": "not a secret",
    "default_bucket_hmac_secret": "nor this",
    "http_scheme": "https",
    "storage_backend": "kinto.core.storage.memory",
    "permission_backend": "kinto.core.permission.memory",
    "cache_backend": "kinto.core.cache.memory",
    "fanfare.key": KEY,
    "fanfare.app": APP,
    # As quick as a test may be; the defaults are those of the settings' own test.
    "fanfare.retry_min_seconds": "0.01",
    "fanfare.retry_max_seconds": "0.02",
    "fanfare.flush_seconds": "5",
}
#: Longer than any of this takes; who waits as long has failed.
LONG = 10.0


class KintoApp:
    """Calls to it, as one of its users, and what its queue does."""

    def __init__(self, server: str, **settings: Any) -> None:
        dotted = {name.replace("__", "."): value for name, value in settings.items()}
        self.web = webtest.TestApp(kinto.main({}, **{**BASIC, "fanfare.server": server, **dotted}))
        self.plugin = self.web.app.registry.fanfare
        self._ids: dict[str, str] = {}

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        user: str | None = "alice",
        status: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Calls `/v1{path}`; its answer, which must not be an error unless that is what is expected."""
        sent = dict(headers or {})
        if user:
            sent["Authorization"] = "Basic " + base64.b64encode(f"{user}:secret".encode()).decode()
        options = {"headers": sent, "status": status}
        if body is None:
            return getattr(self.web, method)(f"/v1{path}", **options)
        return getattr(self.web, f"{method}_json")(f"/v1{path}", body, **options)

    def collection(self, bucket: str, name: str, read: tuple[str, ...] = (), **more: tuple[str, ...]) -> None:
        """A collection of alice's, which others may read."""
        self.call("put", f"/buckets/{bucket}", {})
        permissions = {"read": [*read], **{kind.replace("_", ":"): [*who] for kind, who in more.items()}}
        self.call("put", f"/buckets/{bucket}/collections/{name}", {"permissions": permissions})

    def user_id(self, user: str) -> str:
        """As Kinto calls them."""
        return self.call("get", "/", user=user).json["user"]["id"]

    def token(self, *resources: str, user: str | None = "alice", status: int = 200) -> Any:
        """The answer to a page that asks for a token."""
        body = {"resources": list(resources)} if resources else None
        return self.call("post", "/fanfare/token", body, user=user, status=status).json

    def sent(self) -> None:
        """Waits until nothing is left to be sent."""
        assert self.plugin.sender.wait_until_sent(LONG), "the queue is not empty"
