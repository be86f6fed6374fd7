"""The daemon itself: FANFARE_BINARY=target/debug/fanfare pytest deploy/kinto/tests/real"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from fake_fanfare import KEY
from kinto_app import LONG, KintoApp


class Daemon:
    """A daemon with an empty database, and calls to it."""

    def __init__(self, directory: Path) -> None:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{one.getsockname()[1]}"
        self.url = f"http://{address}"
        self.log = directory / "log"
        # Nobody listens on port 9: what is pushed there waits, and can be counted.
        options = ["--listen", address, "--data-dir", str(directory / "data"), "--egress-allow", "127.0.0.1:9"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [os.environ["FANFARE_BINARY"], *options],
                env={**os.environ, "FANFARE_BOOTSTRAP_KEY": KEY},
                stdout=log,
                stderr=log,
            )

    def wait_until_ready(self) -> None:
        """Asks until it is, for ten seconds."""
        end = time.monotonic() + LONG
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if requests.get(f"{self.url}/readyz", timeout=1).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)  # between two questions; nothing is decided by it
        raise AssertionError(f"the daemon is not ready: {self.log.read_text()}")

    def stop(self) -> None:
        """By its process."""
        self.process.terminate()
        self.process.wait(LONG)

    def call(self, method: str, path: str, body: Any = None, key: str = KEY) -> requests.Response:
        """Calls `/v1{path}`."""
        headers = {"Authorization": f"Bearer {key}"}
        return requests.request(method, f"{self.url}/v1{path}", json=body, headers=headers, timeout=LONG)

    def log_of(self, channel: str) -> list[dict[str, Any]]:
        """The notifications of a channel."""
        answer = self.call("GET", f"/channels/{quote(channel, safe='')}/notifications")
        return answer.json()["items"] if answer.ok else []

    def subscribe(self, channel: str, token: str, name: str = "made-up") -> requests.Response:
        """What a browser does; the keys are the example of RFC 8291."""
        body = {
            "endpoint": f"https://127.0.0.1:9/push/{name}",
            "keys": {
                "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                "auth": "BTBZMqHH6r4Tts7J_aSIgg",
            },
        }
        return self.call("POST", f"/channels/{quote(channel, safe='')}/subscriptions", body, token)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon of this test's own."""
    one = Daemon(tmp_path)
    one.wait_until_ready()
    yield one
    one.stop()


@pytest.fixture
def start(daemon: Daemon) -> Iterator[Callable[..., KintoApp]]:
    """Starts a Kinto that tells this daemon."""
    apps: list[KintoApp] = []

    def starter(**settings: str) -> KintoApp:
        apps.append(KintoApp(daemon.url, **{"fanfare__app": "default", **settings}))
        return apps[-1]

    yield starter
    for app in apps:
        app.plugin.sender.close()


@pytest.fixture
def app(start: Callable[..., KintoApp]) -> KintoApp:
    """A Kinto with the defaults."""
    return start()
