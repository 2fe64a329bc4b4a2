"""What the ledger knows of stored objects: by which entries their records may be read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from cli.erasure.objects import Version
from shared.contracts import Contract, Dataset
from shared.ledger.model import FileStatus, LedgerFile


@dataclass(frozen=True)
class Known:
    """What the ledger has of a domain's files, by where they stand."""

    versions: dict[tuple[str, str, str], LedgerFile]
    keys: dict[tuple[str, str], list[LedgerFile]]
    targets: dict[tuple[str, str], list[LedgerFile]]

    @classmethod
    def of(cls, files: list[LedgerFile]) -> Known:
        keys, targets = defaultdict(list), defaultdict(list)
        for file in files:
            keys[file.bucket, file.key].append(file)
            for key in filter(None, (file.target_key, file.left_key)):
                targets[file.target_bucket or "", key].append(file)
        return cls({(f.bucket, f.key, f.version): f for f in files}, dict(keys), dict(targets))

    def is_waiting(self, version: Version) -> bool:
        """Whether ingestion has not finished with a version in raw."""
        entry = self.versions.get((version.bucket, version.key, version.version))
        if entry is None and version.version == "null":  # its name in an unversioned bucket is a sequencer
            entry = next(reversed(self.keys.get((version.bucket, version.key), [])), None)
        return entry is None or entry.status in (FileStatus.CLAIMED, FileStatus.DEFERRED)

    def candidates(self, version: Version) -> list[LedgerFile]:
        """The entries by which an object may be read, the likeliest first: what an erasure wrote has none of
        its own that says how.
        """
        place = version.bucket, version.key
        own = self.versions.get((*place, version.version))
        others = [*self.targets.get(place, []), *reversed(self.keys.get(place, []))]
        found = [f for f in (own, *others) if f is not None]
        return [f for f in found if f.profile is not None or f.status is FileStatus.UNPACKED]


def reading_too(contract: Contract, name: str) -> list[Dataset]:
    owner = contract.dataset(name).files_of or name
    return [d for d in contract.datasets if owner in (d.name, d.files_of)]
