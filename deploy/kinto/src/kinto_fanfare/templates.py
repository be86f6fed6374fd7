"""Templates of settings: `{bucket_id}/{collection_id}` with the fields of a change."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from urllib.parse import quote

#: `id` is another name of `record_id`.
FIELDS = ("bucket_id", "collection_id", "record_id", "id", "user_id", "action", "resource_name")


class Template:
    """A text with fields; it can only be made of fields that exist."""

    def __init__(self, text: str, more: tuple[str, ...] = ()) -> None:
        self.text = text
        self.parts: list[tuple[str, str | None]] = []
        known = FIELDS + more
        for literal, field, spec, conversion in Formatter().parse(text):
            if field is not None and field not in known:
                raise ValueError(f"it has no field {{{field}}}; there are {', '.join(known)}")
            if spec or conversion:
                raise ValueError(f"{{{field}}} takes no format")
            self.parts.append((literal, "record_id" if field == "id" else field))

    @property
    def fields(self) -> list[str]:
        """Its fields, in their order."""
        return [field for _, field in self.parts if field is not None]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text; what a change does not have is left empty."""
        return "".join(literal + values.get(field or "", "") for literal, field in self.parts)

    def fill_url(self, values: Mapping[str, str]) -> str:
        """The text with its values percent-encoded, so that no value becomes a path or a query of its own."""
        return self.fill({name: quote(value, safe="") for name, value in values.items()})
