"""From what a change is to the channel that it is told in.

A token opens a channel, so two things that different people may read must never share a channel's name. Ids hold no
`/` (they are segments of a path), so a `/` between two fields makes every name readable in one way only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from .templates import Template

#: Fanfare lets a browser be in one channel of this prefix only, its user's; nothing else may end up there.
OWN_PREFIX = "user:"
OWN = "user:{user_id}"
#: The longest name, in bytes.
MAX_BYTES = 200


def is_channel_name(name: str) -> bool:
    """Whether Fanfare takes it. In a token a final `*` would be a prefix: of other users' channels, too."""
    return (
        0 < len(name.encode("utf-8", "surrogatepass")) <= MAX_BYTES
        and "*" not in name
        and name not in (".", "..")
        and not any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
    )


def own_channel(user_id: str) -> str | None:
    """The channel of a user, or none where the id cannot be part of a name."""
    name = OWN_PREFIX + user_id
    return name if is_channel_name(name) else None


class ChannelTemplate(Template):
    """A template of which each name belongs to one bucket, collection, record or user alone."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        fields = set(self.fields)
        literals = "".join(literal for literal, _ in self.parts)
        if not fields & {"bucket_id", "user_id"}:
            raise ValueError("it names neither {bucket_id} nor {user_id}, so everybody's changes would share a channel")
        if "collection_id" in fields and "bucket_id" not in fields:
            raise ValueError("{collection_id} needs {bucket_id}: collections of two buckets would share a channel")
        if "record_id" in fields and "collection_id" not in fields:
            raise ValueError("{record_id} needs {collection_id}: records of two collections would share a channel")
        if self.fields.count("user_id") > 1:
            raise ValueError("{user_id} is there twice")
        self._check_separators()
        if text.startswith(OWN_PREFIX) and text != OWN:
            raise ValueError(f"channels that begin with {OWN_PREFIX} are users' own: only {OWN} may")
        if "*" in literals or (literals and not is_channel_name(literals.replace(".", "x"))):
            raise ValueError(f"a channel has at most {MAX_BYTES} bytes, no `*` and no control characters")

    def _check_separators(self) -> None:
        before = None
        for literal, field in self.parts:
            if before and field and "/" not in literal:
                raise ValueError(f"between {{{before}}} and {{{field}}} there must be a `/`, which ids do not have")
            before = field or before

    def name(self, values: Mapping[str, str]) -> str | None:
        """The channel for these values; none where one is missing or the name is not one of this template's."""
        if any(not values.get(field) for field in self.fields):
            return None
        name = self.fill(values)
        stranger = name.startswith(OWN_PREFIX) and self.text != OWN
        return name if is_channel_name(name) and not stranger else None
