"""Drafts of contracts, answered and held against the files that they were drafted from."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli import standard
from cli.infer.build import drafted
from cli.infer.contract_text import contract_text
from cli.infer.folder import files_of
from shared.contracts import Contract, Dataset
from shared.contracts.odcs import parsed
from shared.contracts.problems import problems
from shared.ingestion.reading import judgement, member_judgement
from shared.ingestion.store import Opened
from shared.ingestion.verdicts import Archive
from shared.records import Accepted, Limits
from shared.records.reading import rows
from shared.records.shape import shape_of

DECIDE = "# DECIDE"


@dataclass(frozen=True)
class Read:
    """What ingestion made of the files of a dataset: records, unreadable ones, and of each column how many
    values are read, and how many are not.
    """

    files: int
    records: int
    unreadable: int
    read: Counter[str]
    refused: Counter[str]


def write(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def text_of(folder: Path, *, dataset: str | None = None, sheet: str | None = None) -> str:
    return contract_text(drafted([folder], "draft", dataset, sheet))


def outputs(folder: Path) -> dict[str, bytes]:
    """Every file that is written of a domain."""
    return files_of(drafted([folder], "draft"), "domains/draft")


def questions(text: str) -> list[str]:
    """The properties that a draft asks about, sorted."""
    return sorted(
        line.partition(f"{DECIDE}: ")[2].partition(":")[0] for line in text.splitlines() if DECIDE in line
    )


def answered(text: str, answers: Sequence[tuple[str, str]] = ()) -> str:
    """The draft with answers in place of what it asks, and without its marks."""
    for question, answer in answers:
        assert question in text, f"the draft has no {question!r}:\n{text}"
        text = text.replace(question, answer)
    return "\n".join(line for line in text.splitlines() if DECIDE not in line) + "\n"


def contract_of(text: str) -> Contract:
    """The contract of an answered draft, which lint finds right."""
    document = yaml.safe_load(text)
    wrong = [*standard.violations(document, "draft"), *problems(document, "draft")]
    assert wrong == [], f"{[str(w) for w in wrong]}\n{text}"
    return parsed(document, "draft")


def as_read(contract: Contract, dataset: str, files: Sequence[Path]) -> Read:
    """Ingestion's own reading of the files, and of each value by the contract's plan."""
    found = Read(len(files), 0, 0, Counter(), Counter())
    for path in files:
        for verdict, content in _verdicts(path, contract.dataset(dataset)):
            assert isinstance(verdict, Accepted), f"{path.name}: {verdict}"
            one = _values(content, verdict, contract, dataset)
            found = Read(
                found.files,
                found.records + verdict.records,
                found.unreadable + verdict.unreadable_records,
                found.read + one.read,
                found.refused + one.refused,
            )
    return found


def _verdicts(path: Path, dataset: Dataset) -> list[tuple[Any, bytes]]:
    with tempfile.TemporaryDirectory() as folder, path.open("rb") as body:
        scratch, limits = Path(folder), Limits()
        opened = Opened(body, path.stat().st_size)
        judged = judgement(opened, dataset, limits, path.name, scratch, defers=False)
        if isinstance(judged.verdict, Archive):
            found = []
            for member in judged.verdict.members:
                each = member_judgement(
                    judged.verdict, member, dataset, limits, member.name, scratch, defers=False
                )
                assert each.own is not None
                found.append((each.verdict, (each.made or each.own).read_bytes()))
            return found
        return [(judged.verdict, (judged.made or path).read_bytes())]


def _values(content: bytes, verdict: Accepted, contract: Contract, name: str) -> Read:
    import io

    dataset = contract.dataset(name)
    shape = shape_of(dataset, "xml" if verdict.profile.format == "xml" else "json")
    found = Read(0, 0, 0, Counter(), Counter())
    every = rows(io.BytesIO(content), verdict.profile, shape, dataset.nested, dataset.records)
    for row in every:
        for column, text in row.values.items():
            if text is None or text.strip().lower() in contract.null_spellings:
                continue
            plan = dataset.plan(column)
            good = column not in row.faults and (plan.array or plan.value(text) is not None)
            (found.read if good else found.refused)[column] += 1
    return found
