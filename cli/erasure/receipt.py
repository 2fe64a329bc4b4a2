"""What an erasure found, did and could not reach, without any value of the people whom it was about."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from cli.erasure.finding import Finding
from cli.erasure.search import Place
from cli.erasure.sought import Sought
from shared.contracts import Contract
from shared.contracts.people import referring
from shared.names import WAREHOUSE
from shared.zones import receipt_key

NO_WAREHOUSE, ASKED, PARTLY = "there is none", "searched", "not searched as a whole"
NOT_ASKED = "not asked, for nobody is known but by hashes"
HIDDEN = "an object whose name holds a value"
NOT_REACHED = (
    "backups of the environment (AWS Backup) and copies that somebody made elsewhere",
    "snapshots of the warehouse, lists and maps in its tables, words within its texts; values there that"
    " differ by more than their case and blanks around, such as by zeros before a number",
    "other schemas of the warehouse, such as copies that analysts made",
    "texts of queries, which Redshift, Athena and CloudWatch keep",
    "what other systems were given",
    "answers that analysts of other domains got; numbers, where they do not say whose a record or a row is",
    "uploads in parts that nobody finished",
    "logs of access, which have names of objects, and the catalogue of other domains",
)


@dataclass(frozen=True)
class Receipt:
    """`people`: tombstones by number; `files`: by what was done, and by store; `left`: places where a value
    still stands as a word of its own, by store; `unsearched`: for whom, or where, was not looked;
    `warehouse`: whether its tables were asked;
    `ended` None: it was only a plan.
    """

    id: str
    domain: str
    names: tuple[str, ...]
    people: int
    marks: tuple[str, ...]
    files: dict[str, int]
    records: dict[str, int]
    details: list[dict[str, str | int]]
    run_id: str | None = None
    snapshots: int = 0
    versions: int = 0
    answers: int = 0
    searched: int = 0
    left: dict[str, int] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    unsearched: tuple[str, ...] = ()
    warehouse: str = NO_WAREHOUSE
    not_reached: tuple[str, ...] = ()
    ended: str | None = None

    @property
    def proven(self) -> bool:
        return self.ended is not None and not self.left and not self.unsearched

    @property
    def key(self) -> str:
        return receipt_key(self.domain, dt.datetime.strptime(self.id[:8], "%Y%m%d").date(), self.id)

    def document(self) -> dict[str, object]:
        return {**asdict(self), "proven": self.proven}


def not_reached(contract: Contract) -> tuple[str, ...]:
    """What no command of this lake reaches."""
    if not (found := referring(contract)):
        return NOT_REACHED
    return (*NOT_REACHED, f"rows that say by {', '.join(found)} alone to what of theirs they belong")


def of_warehouse(searched: Sequence[Place], sought: Sought, *, there: bool) -> str:
    """`there`: whether the environment has one."""
    if not there:
        return NO_WAREHOUSE
    if not sought.texts:
        return NOT_ASKED
    unopened = any(p.zone == WAREHOUSE and p.unopened for p in searched)
    return PARTLY if unopened or sought.unknown else ASKED


def by_fate(found: Sequence[Finding]) -> dict[str, int]:
    return dict(Counter(f"{f.zone}: {f.fate}" for f in found))


def records_by_store(found: Sequence[Finding]) -> dict[str, int]:
    counts = Counter[str]()
    for finding in found:
        counts[finding.zone] += finding.records
    return dict(counts)


def details(found: Sequence[Finding], sought: Sought) -> list[dict[str, str | int]]:
    return [
        {
            "file": without_value(str(f.version), sought),
            "what": f.fate,
            "records": f.records,
            **({"why": f.why} if f.why else {}),
        }
        for f in found
    ]


def without_value(name: str, sought: Sought) -> str:
    """The name of an object, unless it says whose it is."""
    return HIDDEN if sought.is_mentioned_in(name.encode()) else name


def by_store(places: Sequence[Place]) -> dict[str, int]:
    return dict(Counter(p.zone for p in places))
