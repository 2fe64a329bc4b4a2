"""The second reading of the files: how often keys repeat, and whether all values are read as drafted."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from cli.infer.choice import OPEN, Choice
from cli.infer.draft import DraftDataset
from cli.infer.key_choice import key_candidates
from cli.infer.keys import Distinct
from cli.infer.profile import unwrapped
from cli.infer.vocabulary import NULLS
from cli.wording import counted
from shared.contracts import folded
from shared.records.plain import text_of
from shared.records.strict_json import exact
from shared.values import Declared, Plan, compiled
from shared.values.plan import BLANKS

INSERTS = {"c", "r", "i"}
REMEMBERED = 1 << 14


class Again:
    """Takes the records of one dataset once more."""

    def __init__(self, draft: DraftDataset, scratch: Path, known: Mapping[str, Plan] | None = None) -> None:
        """`known`: plans of columns that a contract has already, by the draft's names."""
        self.draft = draft
        self.candidates = key_candidates(draft)
        self._rows = Distinct(scratch, f"{draft.name}.rows")
        self._keys = {n: Distinct(scratch, f"{draft.name}.{i}") for i, n in enumerate(self.candidates)}
        self._empty: Counter[tuple[str, ...]] = Counter()
        sent = [c for c in draft.columns if not c.from_key]
        spellings = ((n, c) for c in sent if not c.path for n in (c.steps[-1], c.name, *c.aliases))
        self._flat = {folded(n): c.name for n, c in spellings}
        self._named: dict[str, str] = {}
        self._nested = {c.name: c.steps for c in sent if c.path}
        self._around = {c.name: c.steps for c in sent if draft.enveloped and c.steps in (("op",), ("ts_ms",))}
        planned = ((c.name, plan_of(c.choice, draft)) for c in draft.columns if not c.from_key)
        plans = {name: plan for name, plan in planned if plan is not None}
        self._unread: Counter[str] = Counter()
        event = plans.get(draft.event_date)
        self._is_ahead = None if event is None else ahead_of(event, dt.datetime.now(dt.UTC).date())
        self._read = {name: cache_of(plan) for name, plan in (plans | dict(known or {})).items()}

    def take(self, record: Mapping[str, Any]) -> None:
        values = self._values(record)
        for name, read in self._read.items():
            if (text := values[name]) is not None and not read(text):
                self._unread[name] += 1
        if self._is_ahead and (when := values[self.draft.event_date]) is not None and self._is_ahead(when):
            self.draft.ahead += 1
        operation = self.draft.operation.get("column")
        if operation and (said := values.get(str(operation))) and said.lower() not in INSERTS:
            return
        whole = hash(tuple(values.items()))
        self._rows.add(whole)
        for candidate, counter in self._keys.items():
            key = tuple((values[n] or "").strip(BLANKS) for n in candidate)
            if all(key):
                counter.add(hash(key))
            else:
                self._empty[candidate] += 1
                counter.add(hash((key, whole)))

    def _values(self, record: Mapping[str, Any]) -> dict[str, str | None]:
        """By column, as text."""
        row, around = unwrapped(record)
        values = dict.fromkeys(self._flat.values())
        for name, value in row.items():
            if value is None:
                continue
            column = self._named.get(name)
            if column is None:
                column = self._named[name] = self._flat.get(folded(name), "")
            if column and values[column] is None:
                values[column] = value if value.__class__ is str else text_of(value)
        for column, steps in self._nested.items():
            values[column] = _at(around if around is not None and steps[0] in around else row, steps)
        if around is not None:
            for column, steps in self._around.items():
                values[column] = _at(around, steps)
        return values

    def repeats(self) -> tuple[dict[tuple[str, ...], int], int]:
        """Of each candidate, how many different records share its value with another one, or have none; and
        how many different records there are.
        """
        rows = self._rows.result()
        return {n: rows - keys.result() + self._empty[n] for n, keys in self._keys.items()}, rows

    def note_unread(self) -> None:
        for name, count in sorted(self._unread.items()):
            self.draft.column(name).unread = count
            said = f"{counted(count)} cannot be read so, and their rows are quarantined"
            self.draft.column(name).choice.notes.append(said)


def _at(value: Any, steps: tuple[str, ...]) -> str | None:
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return None if value is None else text_of(value)


def plan_of(choice: Choice, draft: DraftDataset) -> Plan | None:
    """The plan that a contract will have, where nothing about it is open; local times as if of UTC."""
    if any(OPEN in (v if isinstance(v, list) else [v]) for v in choice.properties.values()):
        return None
    if choice.type == "string" or choice.type.startswith("array<"):
        return None
    own = choice.properties
    words = own.get("booleans")
    formats = choice.options.get("format")
    declared = Declared(
        formats=(formats,) if formats else tuple(own["formats"]) if "formats" in own else None,
        default_timezone="UTC",
        locale=own.get("locale"),
        decimal_mark=own.get("decimalMark"),
        group_mark=own.get("groupMark"),
        number_style=tuple(own["numberStyle"]) if "numberStyle" in own else None,
        booleans=(tuple(words["true"]), tuple(words["false"])) if words else None,
    )
    sources = draft.properties["formats"]
    assert isinstance(sources, Iterable)
    return compiled("c", choice.type, declared, draft.name, tuple(sources))


def ahead_of(plan: Plan, today: dt.date) -> Callable[[str], bool]:
    """Whether a text's day is more than one day after today: such rows are quarantined until then."""

    @lru_cache(REMEMBERED)
    def is_ahead(text: str) -> bool:
        day = plan.event_date(text, "UTC")
        return day is not None and day > today + dt.timedelta(days=1)

    return is_ahead


def _are_read(text: str, plan: Plan) -> bool:
    """Whether a text is a list, and each of its plain elements is read."""
    try:
        elements = exact(text.encode())
    except ValueError:
        return False
    return isinstance(elements, list) and all(
        e is None or plan.value(text_of(e)) is not None for e in elements
    )


def cache_of(plan: Plan) -> Any:
    """Whether a text is read, or spells nothing; texts repeat, so the last ones are remembered."""

    of_element = plan.of_element

    @cache
    def read(text: str) -> bool:
        bare = text.strip(BLANKS)
        if not bare or bare.lower() in NULLS:
            return True
        return _are_read(bare, of_element) if plan.array else plan.value(bare) is not None

    def bounded(text: str) -> bool:
        if read.cache_info().currsize > REMEMBERED:
            read.cache_clear()
        return read(text)

    return bounded
