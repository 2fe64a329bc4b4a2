"""Under which dataset a file is tried, and why."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from local.errors import LakeError
from shared.contracts import Contract, Dataset, folded
from shared.ingestion.reading import judgement
from shared.ingestion.store import Opened
from shared.reasons import FileReason
from shared.records import Accepted, Limits, Rejected

# A file must be of the dataset to contradict what it declares.
CONTRADICTIONS = (FileReason.DATE_ORDER_CONTRADICTED, FileReason.DECIMAL_MARK_CONTRADICTED)


class PlacingError(LakeError):
    """No file can be tried."""


@dataclass(frozen=True)
class Placed:
    """A file, the raw key it gets, and how its dataset was found."""

    source: Path
    dataset: str
    key: str
    why: str


@dataclass(frozen=True)
class Unplaced:
    """A file of which nobody can say what dataset it is for, and why."""

    source: Path
    why: str


def placed(
    paths: Sequence[Path], contract: Contract, dataset: str | None
) -> tuple[list[Placed], list[Unplaced]]:
    """Every file of the paths, in their order and by name below a folder, with its dataset: the one that was
    named; or the one that a folder above it is called after; or the only one; or the one that knows most of
    its columns.

    Raises PlacingError for a path that is missing, a dataset that is not of the contract, and when no file is
    left to try.
    """
    names = [d.name for d in _droppable(contract)]
    if dataset is not None and dataset not in names:
        raise PlacingError(
            f"{dataset!r} is no dataset of {contract.domain}; its datasets: {', '.join(names)}",
            "name one of these with --dataset",
        )
    found, left, keys = list[Placed](), list[Unplaced](), set[str]()
    for root, file in _files(paths):
        match _dataset_of(file, root, contract, dataset):
            case Unplaced() as unplaced:
                left.append(unplaced)
            case Placed() as place:
                found.append(_apart(place, keys))
                keys.add(found[-1].key)
    if not found:
        raise PlacingError(_nothing(paths, left), "say what they are with --dataset")
    return found, left


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Each file with the folder that its key is relative to."""
    for path in paths:
        if not path.exists():
            raise PlacingError(f"{path} does not exist", "name files or folders that are there")
        if path.is_file():
            yield path.parent, path
        else:
            files = sorted(p for p in path.rglob("*") if p.is_file())
            yield from ((path, p) for p in files)


def _droppable(contract: Contract) -> list[Dataset]:
    """Without those that are read from another one's files."""
    return [d for d in contract.datasets if d.files_of is None]


def _dataset_of(file: Path, root: Path, contract: Contract, named: str | None) -> Placed | Unplaced:
    names = {d.name for d in _droppable(contract)}
    rest = file.relative_to(root)
    if named is not None:
        return _keyed(file, contract, named, rest, "as --dataset says")
    # The nearest folder first; above a file that was given by itself only the one that it lies in.
    above = [p.name for p in rest.parents if p.name] + [root.resolve().name]
    for name in above:
        if name in names:
            below = file.parts[len(file.parts) - 1 - above.index(name) :]
            return _keyed(file, contract, name, Path(*below), "named like its folder")
    if len(names) == 1:
        return _keyed(file, contract, next(iter(names)), rest, "the only dataset")
    return _by_columns(file, contract, rest)


def _by_columns(file: Path, contract: Contract, rest: Path) -> Placed | Unplaced:
    """By what ingestion itself sees of the file under each dataset."""
    seen = {d.name: _known_columns(file, d) for d in _droppable(contract)}
    (best, (known, detail)), (second, (runner_up, _)) = sorted(seen.items(), key=lambda s: -s[1][0])[:2]
    if not known:
        same = f" ({detail})" if detail and len({d for _, d in seen.values()}) == 1 else ""
        return Unplaced(file, f"no dataset of the domain knows a column of it{same}: say --dataset")
    if known == runner_up:
        return Unplaced(file, f"{best} and {second} know equally many of its columns: say --dataset")
    return _keyed(file, contract, best, rest, f"knows {known} of its columns")


def _known_columns(file: Path, dataset: Dataset) -> tuple[int, str]:
    """How many columns ingestion finds, whatever else it has against the file; or what it has against it."""
    lenient = replace(
        dataset, max_unreadable_rate=1.0, target=replace(dataset.target, event_date_column=None)
    )
    known = {*dataset.aliases, *map(folded, dataset.sent)}
    with file.open("rb") as stream, tempfile.TemporaryDirectory() as scratch:
        opened = Opened(stream, file.stat().st_size)
        judged = judgement(opened, lenient, Limits(), file.name, Path(scratch), defers=False)
    match judged.verdict:
        case Accepted(profile=profile):
            return sum(folded(c) in known for c in profile.columns), ""
        case Rejected(reason=reason, detail=detail):
            return int(reason in CONTRADICTIONS), detail
        case _:
            return 0, ""


def _keyed(file: Path, contract: Contract, dataset: str, rest: Path, why: str) -> Placed:
    return Placed(file, dataset, f"{contract.domain}/{dataset}/{rest.as_posix()}", why)


def _apart(place: Placed, keys: set[str]) -> Placed:
    """Another file of the same name is a file of its own, not a newer version."""
    key, number = place.key, 2
    while key in keys:
        domain, dataset, rest = place.key.split("/", 2)
        key, number = f"{domain}/{dataset}/{number}/{rest}", number + 1
    return replace(place, key=key)


def _nothing(paths: Sequence[Path], left: Sequence[Unplaced]) -> str:
    if not left:
        return f"there is no file in {', '.join(map(str, paths))}"
    return "no file can be tried:\n" + "\n".join(f"  {u.source}: {u.why}" for u in left[:5])
