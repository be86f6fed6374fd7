"""What the tests start, and end."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import pytest

with warnings.catch_warnings():  # Kinto's own dependencies'
    warnings.simplefilter("ignore")
    from kinto_app import KintoApp

from fake_fanfare import FakeFanfare


@pytest.fixture
def fanfare() -> Iterator[FakeFanfare]:
    """A Fanfare that must like everything that it is sent."""
    server = FakeFanfare()
    yield server
    server.stop()
    assert server.faults == []


@pytest.fixture
def start(fanfare: FakeFanfare) -> Iterator[Callable[..., KintoApp]]:
    """Starts a Kinto with these settings (`fanfare__ttl` is `fanfare.ttl`)."""
    apps: list[KintoApp] = []

    def starter(**settings: str) -> KintoApp:
        apps.append(KintoApp(settings.pop("server", fanfare.url), **settings))
        return apps[-1]

    yield starter
    fanfare.open.set()
    for app in apps:
        app.plugin.sender.close()


@pytest.fixture
def app(start: Callable[..., KintoApp]) -> KintoApp:
    """A Kinto with the defaults."""
    return start()
