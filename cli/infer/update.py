"""What new files would add to a contract that is there: columns, aliases, formats of files, spellings of no
value, whole datasets. Nothing is changed or taken away; what contradicts the contract is asked.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cli.infer.choice import Question
from cli.infer.contract_text import column_lines, dataset_lines
from cli.infer.draft import Draft, DraftColumn, DraftDataset
from cli.infer.insertion import Insertion, Places, inserted
from cli.infer.matching import matching, name_in
from cli.infer.renamed import SIMILAR, similarity
from cli.infer.yaml_words import asked_lines
from cli.wording import counted
from shared.contracts import Contract, Dataset
from shared.contracts.paths import Path


@dataclass
class Additions:
    """`said`: what they are, for people."""

    insertions: list[Insertion] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def additions(draft: Draft, contract: Contract, text: str, file: str, *, named: bool = False) -> Additions:
    """`named`: people said which dataset the files are of. Raises InferError where the contract is laid out
    so that nothing can be added.
    """
    found, places = Additions(), Places(text, file)
    for each in draft.datasets:
        dataset = matching(each, contract, named=named)
        if dataset is None:
            _add_dataset(each, contract, places, found)
        else:
            _extend(each, dataset, places, found)
    _add_words(draft, contract, places, found)
    return found


def diff(text: str, found: Additions, file: str) -> str:
    """The additions as a unified diff."""
    after = inserted(text, found.insertions)
    lines = difflib.unified_diff(text.splitlines(True), after.splitlines(True), f"a/{file}", f"b/{file}")
    return "".join(lines)


def _extend(draft: DraftDataset, dataset: Dataset, places: Places, found: Additions) -> None:
    names = {c.name: name_in(c, dataset) for c in draft.columns}
    elsewhere = {Path(c.steps): c for c in draft.columns if Path(c.steps) in dataset.lists_elsewhere}
    fresh = [c for c in draft.columns if names[c.name] is None and c not in elsewhere.values()]
    for place in elsewhere:
        found.said.append(f"{dataset.name}: {place} is another dataset's, and was not compared with it")
    missing = {*dataset.sent} - {n for n in names.values() if n}
    end, indent = places.columns(dataset.target.name)
    for column in sorted(fresh, key=lambda c: c.name):
        _mark_renamed(column, dataset, missing)
        column.key, column.required = 0, False
        column.name = _free(column.name, dataset)
        found.insertions.append(Insertion(end, tuple(column_lines(column, indent))))
        found.said.append(f"{dataset.target.name}.{column.name}: a column, {column.choice.type}")
    for column in draft.columns:
        if name := names[column.name]:
            _ask_unread(column, name, dataset, places, found)
    _add_formats(draft, dataset, places, found)


def _free(name: str, dataset: Dataset) -> str:
    taken, number = {*dataset.target.column_names}, 1
    free = name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _mark_renamed(column: DraftColumn, dataset: Dataset, missing: set[str]) -> None:
    """A column that the contract has and these files lack may be this one under a new header."""
    likely = [
        m
        for m in sorted(missing)
        if dataset.target.column(m).type == column.choice.type and similarity((m,), column.steps) >= SIMILAR
    ]
    if likely and not column.path:
        text = f"these files lack {likely[0]}, of the same type: is this its new header, an alias?"
        column.choice.questions.append(Question("name", text))


def _ask_unread(column: DraftColumn, name: str, dataset: Dataset, places: Places, found: Additions) -> None:
    """A question where the contract's own plan does not read values of a column that it knows."""
    if not column.unread:
        return
    choice = column.choice
    spelled = choice.options.get("format") or choice.properties.get("formats") or choice.type
    likely = ", ".join(spelled) if isinstance(spelled, list) else spelled
    text = f"{column.unread:,} of {counted(column.filled)} of new files are not read; all look like {likely}"
    line, indent = places.column(dataset.target.name, name)
    if places.asks(line, name):
        found.said.append(
            f"{dataset.target.name}.{name}: values of new files are not read, as is asked there"
        )
        return
    found.insertions.append(Insertion(line, tuple(asked_lines(Question(name, text), indent))))
    found.said.append(f"{dataset.target.name}.{name}: {text}")


def _add_formats(draft: DraftDataset, dataset: Dataset, places: Places, found: Additions) -> None:
    for name, had in (("formats", dataset.formats), ("encodings", dataset.encodings)):
        seen = draft.properties.get(name, [])
        assert isinstance(seen, list)
        if fresh := sorted({*seen} - {*had}):
            found.insertions.append(places.extended(dataset.name, name, fresh))
            found.said.append(f"{dataset.name}: {name} {', '.join(fresh)}")


def _add_words(draft: Draft, contract: Contract, places: Places, found: Additions) -> None:
    if fresh := [w for w in draft.nulls if w not in contract.null_spellings]:
        found.insertions.append(places.extended(None, "nullSpellings", fresh))
        found.said.append(f"nullSpellings {', '.join(fresh)}")


def _add_dataset(draft: DraftDataset, contract: Contract, places: Places, found: Additions) -> None:
    taken = {t.name for t in contract.tables} | {d.name for d in contract.datasets}
    while draft.name in taken:
        draft.name += "_new"
    lines = tuple(_moved(dataset_lines(draft), places.indent_of_schema()))
    found.insertions.append(Insertion(places.end_of_schema(), lines))
    found.said.append(f"{draft.name}: a dataset with {counted(len(draft.columns), 'column')}")


def _moved(lines: Sequence[str], indent: str) -> Iterator[str]:
    """Lines that are written with two blanks before their dash, with those of another document."""
    yield from (indent + line[2:] if line else line for line in lines)
