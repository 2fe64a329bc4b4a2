"""Drops files into the raw bucket, as a producer would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.errors import LakeError
from local.session import Session
from shared.contracts import contract

PARALLEL_UPLOADS = 8


class DropError(LakeError):
    """A path cannot be dropped."""


@dataclass(frozen=True)
class Drop:
    """A file and the raw key it gets."""

    source: Path
    key: str


def planned(paths: Sequence[Path], domain: str | None, dataset: str | None) -> list[Drop]:
    """Files with their keys: `<domain>/<dataset>/<relative path>`. A folder keeps what is below it.

    Without `dataset` the first folder below a given folder is the dataset; without `domain` too, the first
    two are both. Raises DropError for a path that is missing or would get no raw key.
    """
    if dataset and not domain:
        raise DropError("--dataset needs --domain", "./lake drop PATH --domain DOMAIN --dataset DATASET")
    prefix = "/".join(p for p in (domain, dataset) if p)
    drops = []
    for path in paths:
        if not path.exists():
            raise DropError(
                f"{path} does not exist",
                "name files or folders that are there: ./lake drop PATH --domain DOMAIN --dataset DATASET",
            )
        if path.is_file() and not dataset:
            raise DropError(
                f"{path} is a file, which does not say where it belongs",
                f"./lake drop {path} --domain DOMAIN --dataset DATASET",
            )
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        if not files:
            raise DropError(
                f"{path} holds no file: nothing was dropped",
                "name a folder that holds files: ./lake drop PATH --domain DOMAIN --dataset DATASET",
            )
        root = path.parent if path.is_file() else path
        drops += [Drop(f, "/".join(p for p in (prefix, f.relative_to(root).as_posix()) if p)) for f in files]
    if wrong := [d for d in drops if d.key.count("/") < 2]:
        raise DropError(
            f"{wrong[0].source} would become {wrong[0].key}; a raw key is <domain>/<dataset>/<name>",
            "./lake drop PATH --domain DOMAIN --dataset DATASET",
        )
    _refuse_doubles(drops)
    return drops


def _refuse_doubles(drops: Sequence[Drop]) -> None:
    """Two uploads of one key would race, and only one would be kept."""
    sources: dict[str, Path] = {}
    for drop in drops:
        if (other := sources.setdefault(drop.key, drop.source)) is not drop.source:
            raise DropError(
                f"{other} and {drop.source} would both become {drop.key}. Nothing was dropped",
                "rename one, or drop a folder that holds both",
            )


def refuse_unknown(drops: Sequence[Drop], domains: Sequence[str]) -> None:
    """Raises DropError when a key is of a domain or dataset that no contract has, and would only be
    quarantined.
    """
    for domain, dataset in sorted({(d.key.split("/")[0], d.key.split("/")[1]) for d in drops}):
        if domain not in domains:
            known, what = domains, f"there is no domain {domain}"
        else:
            known, what = [d.name for d in contract(domain).datasets], f"{domain} has no dataset {dataset}"
        if domain not in domains or dataset not in known:
            raise DropError(
                f"{what}; expected one of {', '.join(known) or 'none'}. Nothing was dropped",
                "correct the name, add it to the contract, or say --anyway to have the files quarantined",
            )


def upload(session: Session, drops: Sequence[Drop], advance: Callable[[int], None]) -> None:
    """Uploads all, several at a time; `advance` gets the number of finished ones after each."""
    s3, bucket = session.client("s3"), session.names.bucket("raw")
    with ThreadPoolExecutor(PARALLEL_UPLOADS) as pool:
        for done, _ in enumerate(
            pool.map(lambda d: s3.upload_file(str(d.source), bucket, d.key), drops), start=1
        ):
            advance(done)
