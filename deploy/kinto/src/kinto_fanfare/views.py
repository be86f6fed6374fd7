"""`POST /fanfare/token`: what a page needs to subscribe, and no more than its user may read."""

from __future__ import annotations

import logging
from typing import Any

import colander
from kinto.core import Service
from kinto.core.authorization import PRIVATE
from kinto.core.cornice.validators import colander_body_validator
from kinto.core.errors import ERRORS, http_error, raise_invalid
from pyramid import httpexceptions

from .client import Busy, Refused, Unavailable
from .permissions import Forbidden, Reader, Unknown

logger = logging.getLogger("kinto_fanfare")

token = Service(name="fanfare-token", path="/fanfare/token", description="A token to subscribe browsers with")


class TokenRequest(colander.MappingSchema):
    """An optional body: which resources' channels, by URI; without it, all that fit."""

    resources = colander.SchemaNode(
        colander.Sequence(), colander.SchemaNode(colander.String()), missing=None, validator=colander.Length(1, 100)
    )

    @staticmethod
    def schema_type() -> colander.Mapping:
        """A misspelt name would otherwise ask for everything."""
        return colander.Mapping(unknown="raise")


def read_body(request: Any, **kwargs: Any) -> None:
    """No body at all is fine."""
    if request.body:
        colander_body_validator(request, schema=TokenRequest(), **kwargs)
    else:
        request.validated = {"resources": None}


@token.post(permission=PRIVATE, validators=(read_body,), tags=["Fanfare"], operation_id="fanfare_token")
def post_token(request: Any) -> dict[str, Any]:
    """Gives the token, for the channels that its user may read at this moment."""
    plugin = request.registry.fanfare
    channels, truncated = _channels(request, plugin.settings)
    seconds = plugin.settings.token_seconds
    try:
        text = plugin.client.token(channels, seconds)
    except (Unavailable, Busy, Refused) as error:
        logger.warning("no token can be had from Fanfare: %s", error)
        message = "Tokens cannot be had at the moment, please retry later."
        raise http_error(httpexceptions.HTTPServiceUnavailable(), errno=ERRORS.BACKEND, message=message) from None
    request.response.headers["Cache-Control"] = "no-store"
    return {
        "token": text,
        "channels": channels,
        "truncated": truncated,
        "expires_in": seconds,
        "server": plugin.settings.public_server,
        "app": plugin.settings.app,
    }


def _channels(request: Any, settings: Any) -> tuple[list[str], bool]:
    reader = Reader(request, settings)
    wanted = request.validated["resources"]
    try:
        channels, truncated = reader.every_channel() if wanted is None else (reader.channels_of(wanted), False)
    except Unknown as error:
        raise_invalid(request, location="body", name="resources", description=str(error))
    except Forbidden as error:
        raise http_error(httpexceptions.HTTPForbidden(), errno=ERRORS.FORBIDDEN, message=str(error)) from None
    if not channels:
        message = "There is no channel for this user: the user id is too long, or not a channel's name."
        raise http_error(httpexceptions.HTTPForbidden(), errno=ERRORS.FORBIDDEN, message=message)
    return channels, truncated
