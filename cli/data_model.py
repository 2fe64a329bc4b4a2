"""docs/reference/data-model: every table, column, key and rule in words, written from the contracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.catalogue import Catalogue, DomainEntry, Entity, ForeignKey, catalogue
from cli.catalogue.model import Layer
from shared.contracts import domains

FOLDER = Path(__file__).parents[1] / "docs" / "reference" / "data-model"
INDEX = "README.md"
MARK = "Written from the contracts by `./lake contract docs`; do not edit."
LONGEST = 500  # lines of a page
TABLES: tuple[Layer, ...] = ("silver", "gold")
LAYERS: tuple[Layer, ...] = ("raw", *TABLES)


@dataclass(frozen=True)
class Entry:
    """A dataset or a table: a section of a page, and a line of the domain's overview."""

    layer: str
    name: str
    kind: str
    text: Sequence[str]

    @property
    def anchor(self) -> str:
        return f"{self.layer}-{self.name}"

    @property
    def section(self) -> list[str]:
        return [f"## {self.layer} `{self.name}`", "", *self.text, ""]


def pages() -> dict[str, str]:
    """All pages by their path below the folder: the index, and one for each domain."""
    found = catalogue(domains())
    written = {INDEX: _index(found)}
    for domain in found.domains:
        written |= _domain_pages(domain)
    return {path: "\n".join(lines).rstrip("\n") + "\n" for path, lines in written.items()}


def write(folder: Path = FOLDER) -> list[Path]:
    """Writes the pages, and removes those of domains that are no more; other files of the folder stay."""
    wanted = pages()
    for path in folder.rglob("*.md"):
        if path.relative_to(folder).as_posix() not in wanted and MARK in path.read_text("utf-8"):
            path.unlink()
    for name, text in wanted.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in wanted]


def _index(found: Catalogue) -> list[str]:
    domains = [f"| [{d.name}]({d.name}.md) | {d.description} |" for d in found.domains]
    return [
        "# Data model",
        "",
        MARK,
        "",
        "A page for each domain: what producers drop, and what silver and gold hold.",
        "",
        "| domain | holds |",
        "|---|---|",
        *domains,
        "",
        "## Lineage",
        "",
        "Every table of silver has these columns besides its own:",
        "",
        "| column | meaning |",
        "|---|---|",
        *(f"| `{column}` | {meaning} |" for column, meaning in found.row_columns),
        "",
        "## Why a file is quarantined",
        "",
        "| reason | meaning and what to do |",
        "|---|---|",
        *(f"| `{reason}` | {help_} |" for reason, help_ in found.file_reasons.items()),
        "",
        "## Why a row is quarantined",
        "",
        "| reason | meaning |",
        "|---|---|",
        *(f"| `{reason}` | {help_} |" for reason, help_ in found.row_reasons.items()),
        "",
        "A domain may have further reasons, for rules of its own; they are on its page.",
    ]


def _domain_pages(domain: DomainEntry) -> dict[str, list[str]]:
    """One page; where it would be too long, the sections move to pages of their own, and it keeps the
    overview.
    """
    page, entries = f"{domain.name}.md", [_dataset(d) for d in domain.of_layer("raw")]
    entries += [_table(t) for layer in TABLES for t in domain.of_layer(layer)]
    whole = _overview(domain, {"": entries}) + [line for e in entries for line in e.section]
    if len(whole) <= LONGEST:
        return {page: whole}
    parts = {f"{domain.name}/{name}.md": part for name, part in _parts(entries)}
    return {page: _overview(domain, parts)} | {
        name: [*_part_head(domain, part), *(line for e in part for line in e.section)]
        for name, part in parts.items()
    }


def _parts(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """The sections by layer, each layer on as few pages as hold it, in the contract's order."""
    for layer in LAYERS:
        packed: list[list[Entry]] = [[]]
        room = LONGEST - 10  # the head of a part
        for entry in (e for e in entries if e.layer == layer):
            used = sum(len(e.section) for e in packed[-1])
            if packed[-1] and used + len(entry.section) > room:
                packed.append([])
            packed[-1].append(entry)
        for number, part in enumerate(packed, 1):
            if part:
                yield (layer if len(packed) == 1 else f"{layer}-{number}"), part


def _part_head(domain: DomainEntry, part: Sequence[Entry]) -> list[str]:
    title = f"# {domain.name}: {part[0].layer}, `{part[0].name}` to `{part[-1].name}`"
    return [title, "", f"{MARK} All tables: [{domain.name}](../{domain.name}.md).", ""]


def _overview(domain: DomainEntry, parts: dict[str, list[Entry]]) -> list[str]:
    lines = [f"# {domain.name} ({domain.version})", "", MARK, "", domain.description, ""]
    lines += [line for fact in domain.facts for line in (fact, "")]
    lines += [
        f"The reasons of quarantine and the lineage columns are those of [all domains]({INDEX})"
        + (", and these reasons of rows:" if domain.reasons else "."),
        "",
        *(f"- `{reason}`: {help_}" for reason, help_ in domain.reasons.items()),
        *([""] if domain.reasons else []),
        "| layer | table | kind |",
        "|---|---|---|",
    ]
    for path, entries in parts.items():
        lines += [f"| {e.layer} | [`{e.name}`]({path}#{e.anchor}) | {e.kind} |" for e in entries]
    return [*lines, ""]


def _dataset(dataset: Entity) -> Entry:
    text = [dataset.description, "", *(f"- {sentence}" for sentence in dataset.facts)]
    return Entry("raw", dataset.place.name, dataset.kind, text)


def _table(table: Entity) -> Entry:
    parts = [table.description, "", f"Kind: {table.kind}, {table.meaning}.", f"Key: {_listed(table.key)}."]
    if table.partition_fields:
        parts += [f"Partitioned by {_listed(table.partition_fields)}."]
    parts += table.facts
    parts += ["", "| column | type | meaning | also spelt | refers to |", "|---|---|---|---|---|"]
    for c in table.columns:
        promised = ("Confidential." if c.confidential else "", "Always present." if c.required else "")
        notes = " ".join(part for part in (c.description, *c.notes, *promised) if part)
        spelt, target = ", ".join(f"`{a}`" for a in c.aliases), f"`{c.refers_to}`" if c.refers_to else ""
        parts += [f"| `{c.name}` | {c.type} | {notes} | {spelt} | {target} |"]
    if compound := [key for key in table.foreign_keys if len(key.columns) > 1]:
        parts += ["", *map(_compound, compound)]
    if table.rejects:
        parts += ["", "Rows are quarantined when:", "", *(f"- {rule}" for rule in table.rejects)]
    if table.gate:
        parts += ["", "Quality gate before gold:", "", *(f"- {rule}" for rule in table.gate)]
    return Entry(table.place.layer, table.place.name, table.meaning, parts)


def _compound(key: ForeignKey) -> str:
    return (
        f"Together {_listed(key.columns)} refer to {_listed([f'{key.target.name}.{k}' for k in key.keys])}."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
