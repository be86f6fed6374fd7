"""Tells browsers of what changes in Kinto, through Fanfare: `kinto.includes = kinto_fanfare`.

The way of a change: Kinto commits, `listener` gathers what one request did, `message` makes one call per channel
(`channels` says which), `sender` keeps the calls until `client` has got them through. `views` gives pages their
tokens, for the channels that `permissions` finds their user may read. `settings` is read once, at the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from kinto.core import metrics
from kinto.core.events import AfterResourceChanged

from .changes import RESOURCES
from .client import Client
from .listener import Listener
from .sender import Limits, Sender
from .settings import Settings, read_settings

__version__ = version("kinto-fanfare")


@dataclass(frozen=True)
class Plugin:
    """The parts of one Kinto application."""

    settings: Settings
    client: Client
    sender: Sender

    def is_healthy(self, _request: Any) -> bool:
        """For Kinto's heartbeat: Fanfare takes notifications, and there is room for those that wait."""
        return not self.sender.is_full and self.client.takes_notifications()


def includeme(config: Any) -> None:
    """Called by Kinto at its start."""
    settings = read_settings(config.get_settings())
    client = Client(settings.server, settings.app, settings.key, settings.timeout_seconds)
    limits = Limits(
        size=settings.queue_size,
        retry_min=settings.retry_min_seconds,
        retry_max=settings.retry_max_seconds,
        give_up=settings.give_up_seconds,
        flush=settings.flush_seconds,
    )
    sender = Sender(client.notify, limits)
    config.registry.fanfare = plugin = Plugin(settings, client, sender)
    config.registry.heartbeats["fanfare"] = plugin.is_healthy
    config.add_api_capability(
        "fanfare",
        description="Tells browsers of changes, by Web Push.",
        url=f"{settings.public_server}/docs",
        version=__version__,
        server=settings.public_server,
        app=settings.app,
    )
    listener = metrics.listener_with_timer(config, "plugins.fanfare", Listener(settings, sender))
    config.add_subscriber(listener, AfterResourceChanged, for_resources=RESOURCES)
    config.scan("kinto_fanfare.views")
