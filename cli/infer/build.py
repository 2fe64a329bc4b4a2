"""Files → a draft: every file is read twice, and no more than its counts is held."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.infer.again import Again
from cli.infer.assemble import dataset
from cli.infer.choice import OPEN, Question
from cli.infer.counting import profiled
from cli.infer.draft import Draft, DraftDataset
from cli.infer.errors import InferError, RefusedError
from cli.infer.grouping import Group, grouped
from cli.infer.header import header_place
from cli.infer.inputs import LeftOut, contents
from cli.infer.key_choice import say_key
from cli.infer.matching import matching, name_in
from cli.infer.naming import table_name
from cli.infer.opening import Known, Opened, opened
from cli.infer.profile import Profile, Steps, header
from cli.infer.roles import say_event_date, say_operation
from shared.contracts import Contract
from shared.records import Limits
from shared.records.reading import Unread
from shared.values import Plan

Place = tuple[str, frozenset[Steps]]


def drafted(
    paths: Sequence[Path],
    domain: str,
    name: str | None = None,
    sheet: str | None = None,
    contract: Contract | None = None,
    *,
    header: bool = False,
) -> Draft:
    """The draft of a domain from all of the files. `contract`: what is there already, by which the values of
    its columns are read. `header`: every text has one. Raises InferError.
    """
    limits, known = Limits(), Known(_lists(contract), header)
    with tempfile.TemporaryDirectory(prefix="lake-infer-") as folder:
        scratch = Path(folder)
        counts = _counted(_files(paths, scratch, sheet, limits, known), limits)
        groups = grouped(counts.parts, one=name is not None)
        drafts = [_first(g, table_name(name) if name else g.name) for g in groups]
        owners = [None if place is None else _owner(groups, place) for place in counts.places]
        readers = [Again(d, scratch, _known_plans(d, contract, named=name is not None)) for d in drafts]
        _read_again(_files(paths, scratch, sheet, limits, known), owners, readers, limits)
    _share_files(groups, drafts)
    found = _whole(domain, drafts)
    found.left_out = sorted(counts.left_out)
    return found


def _known_plans(draft: DraftDataset, contract: Contract | None, *, named: bool) -> dict[str, Plan]:
    dataset = matching(draft, contract, named=named) if contract is not None else None
    if dataset is None:
        return {}
    names = {c.name: name_in(c, dataset) for c in draft.columns if not c.from_key}
    received = {*dataset.sent}
    return {
        own: dataset.plan(known) for own, known in names.items() if known in received and known is not None
    }


def _lists(contract: Contract | None) -> frozenset[str]:
    """Lists inside documents that the contract takes for records, and not for those of a second dataset."""
    datasets = contract.datasets if contract is not None else ()
    places = [d.records for d in datasets] + [d.explode for d in datasets if d.files_of is None]
    return frozenset(str(p) for p in places if p is not None)


def _files(
    paths: Sequence[Path], scratch: Path, sheet: str | None, limits: Limits, known: Known
) -> Iterator[Opened | LeftOut]:
    for content in contents(paths, scratch, sheet, limits):
        if isinstance(content, LeftOut):
            yield content
            continue
        try:
            files = opened(content, limits, known)
        except RefusedError as refused:
            yield LeftOut(refused.text)
            continue
        yield from files


@dataclass
class _Counts:
    """What was counted by stem and header, where each file's counts went (None: nowhere), and why."""

    parts: dict[Place, Profile] = field(default_factory=dict)
    places: list[Place | None] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def _counted(files: Iterator[Opened | LeftOut], limits: Limits) -> _Counts:
    """Raises InferError where no file is left to draft from."""
    found = _Counts()
    for file in files:
        place, profile = None, None
        try:
            profile = None if isinstance(file, LeftOut) else profiled(file, limits)
        except RefusedError as refused:
            file = LeftOut(refused.text)
        if isinstance(file, LeftOut):
            found.left_out.append(file.why)
        elif profile is not None:
            place = (f"{file.content.stem} {file.several}".strip(), header(profile))
            found.parts.setdefault(place, Profile()).merge(profile)
        found.places.append(place)
    if not found.parts:
        more = f" (and {len(found.left_out) - 1} more)" if len(found.left_out) > 1 else ""
        raise InferError(
            f"{min(found.left_out)}{more}",
            "docs/howto/draft-from-files.md says what can be read; or have it sent otherwise",
        )
    return found


def _owner(groups: Sequence[Group], place: Place) -> int:
    return next(i for i, g in enumerate(groups) if place in g.places)


def _first(group: Group, name: str) -> DraftDataset:
    found = dataset(group, name)
    say_operation(group.profile, found)
    say_event_date(found)
    return found


def _read_again(
    files: Iterator[Opened | LeftOut],
    owners: Sequence[int | None],
    readers: Sequence[Again],
    limits: Limits,
) -> None:
    headers: list[set[int | None]] = [set() for _ in readers]
    for file, owner in zip(files, owners, strict=True):
        if owner is None or isinstance(file, LeftOut):
            continue
        reader = readers[owner]
        for record in file.rows(limits):
            if not isinstance(record, Unread):
                reader.take(record)
        if file.format == "csv" and file.bare is None:
            headers[owner].add(header_place(file, reader.draft, limits))
    for reader, found in zip(readers, headers, strict=True):
        repeats, rows = reader.repeats()
        say_key(reader.draft, repeats, rows)
        reader.note_unread()
        _say_header(reader.draft, found)


def _say_header(draft: DraftDataset, found: set[int | None]) -> None:
    """Ingestion finds a header by its names; where it would not, its line is said."""
    lines = {line for line in found if line is not None}
    if not lines:
        return
    if len(found) == 1:
        draft.properties["header"] = lines.pop()
        return
    draft.properties["header"] = OPEN
    text = f"ingestion would not find by its names the header in line {', '.join(map(str, sorted(lines)))}"
    draft.questions.append(Question("header", text))


def _share_files(groups: Sequence[Group], drafts: Sequence[DraftDataset]) -> None:
    """Lists of one document are datasets of the same files: the first has them, the others read them too."""
    owners: dict[str, DraftDataset] = {}
    for group, draft in zip(groups, drafts, strict=True):
        stems = {s.partition(" ")[0] for s in group.stems if " " in s and draft.properties.get("records")}
        for stem in sorted(stems):
            owner = owners.setdefault(stem, draft)
            if owner is not draft:
                draft.properties["filesOf"] = owner.name


def _whole(domain: str, drafts: list[DraftDataset]) -> Draft:
    found = Draft(domain, sorted(drafts, key=lambda d: d.name))
    words: dict[str, int] = {}
    for each in drafts:
        for column in each.columns:
            for word, count in column.choice.nulls.items():
                words[word] = words.get(word, 0) + count
            if column.choice.local:
                found.local[f"{each.name}.{column.name}"] = column.choice.local
    found.nulls = sorted(words)
    _ask_words(found, words)
    return found


def _ask_words(found: Draft, words: dict[str, int]) -> None:
    """A word that means nothing in one column may be a value in a column of texts."""
    texts = [
        c for d in found.datasets for c in d.columns if c.choice.type == "string" and not c.choice.questions
    ]
    among: dict[str, int] = {}
    for column in texts:
        for fact, count in column.counts.facts.items():
            if fact.word in words:
                among[fact.word] = among.get(fact.word, 0) + count
    if among:
        listed = ", ".join(f"{w!r} ({n:,})" for w, n in sorted(among.items()))
        text = f"these mean no value among numbers and times; do they among texts, too? {listed}"
        found.questions.append(Question("nullSpellings", text))
