"""What only the document of a contract says, and people read: owners, support, service levels, tags,
classifications, and promises that nothing executes.

Source of the words: Bitol, Open Data Contract Standard v3.1.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.catalogue.model import Channel, Person

FOLLOWED = ("https://", "mailto:")  # links of any other scheme could run something


@dataclass(frozen=True)
class Written:
    """A document, as it was parsed from YAML; it is of a contract that was accepted."""

    document: Mapping[str, Any]

    def text(self, name: str) -> str:
        return str(self.document.get(name) or "")

    def description(self, name: str) -> str:
        """purpose, usage or limitations."""
        return str((self.document.get("description") or {}).get(name) or "")

    @property
    def tags(self) -> tuple[str, ...]:
        return _texts(self.document.get("tags"))

    @property
    def team(self) -> str:
        """Name and description of the team; the older form of the standard has members only."""
        team = self.document.get("team")
        return _joined(team.get("name"), team.get("description")) if isinstance(team, dict) else ""

    @property
    def people(self) -> tuple[Person, ...]:
        """The members that have not left."""
        team = self.document.get("team") or ()
        members = team.get("members") or () if isinstance(team, dict) else team
        return tuple(
            Person(str(m.get("name") or m["username"]), str(m.get("role") or ""), _person_details(m))
            for m in members
            if not m.get("dateOut")
        )

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(
            Channel(
                str(each["channel"]),
                _followed(each.get("url")),
                _joined(each.get("tool"), each.get("scope"), each.get("description")),
            )
            for each in self.document.get("support") or ()
        )

    @property
    def agreed(self) -> tuple[tuple[str, str], ...]:
        """Service levels."""
        return tuple(
            (
                " of ".join(map(str, _present(each, "property", "element"))),
                _joined(" ".join(map(_shown, _present(each, "value", "unit"))), each.get("description")),
            )
            for each in self.document.get("slaProperties") or ()
        )

    def entry(self, layer: str, name: str) -> Mapping[str, Any]:
        """The entry of a dataset (bronze) or of a table in `schema`."""
        for each in self.document.get("schema") or ():
            if each.get("physicalName") == name and _custom(each, "layer") == layer:
                return each  # type: ignore[no-any-return]
        raise LookupError(f"{layer} {name} is not in the schema")

    def classifications(self, layer: str, name: str) -> dict[str, str]:
        """The classification of each column that has one, those of `columnsOf` among them."""
        return {
            str(p["name"]): str(p["classification"])
            for p in self._properties(layer, name)
            if p.get("classification")
        }

    def _properties(self, layer: str, name: str) -> Iterator[Mapping[str, Any]]:
        entry = self.entry(layer, name)
        if base := _custom(entry, "columnsOf"):
            above = next(
                _custom(e, "layer")
                for e in self.document["schema"]
                if _is_table(e) and e["physicalName"] == base
            )
            yield from self._properties(above, base)
        yield from entry.get("properties") or ()

    def promises(self, layer: str, name: str) -> Iterator[str]:
        """Quality that the contract states in words."""
        entry = self.entry(layer, name)
        for place, part in (("", entry), *((f"`{p['name']}`: ", p) for p in entry.get("properties") or ())):
            for each in part.get("quality") or ():
                if each.get("type") == "text":
                    yield place + _joined(each.get("name"), each.get("description"))


def _is_table(entry: Mapping[str, Any]) -> bool:
    return _custom(entry, "layer") in ("silver", "gold")


def _custom(entry: Mapping[str, Any], name: str) -> Any:
    return next((c["value"] for c in entry.get("customProperties") or () if c["property"] == name), None)


def _person_details(member: Mapping[str, Any]) -> str:
    return _joined(member["username"] if member.get("name") else "", member.get("description"))


def _followed(url: Any) -> str | None:
    return str(url) if str(url or "").lower().startswith(FOLLOWED) else None


def _present(entry: Mapping[str, Any], *names: str) -> list[Any]:
    return [entry[n] for n in names if entry.get(n) is not None]


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(str, values or ()))


def _joined(*parts: Any) -> str:
    return ", ".join(str(p) for p in parts if p)
