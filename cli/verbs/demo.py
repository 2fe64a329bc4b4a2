"""`./lake demo`: the whole product once, with numbers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli import demo
from cli.options import add_json, add_size, size
from cli.results import Results
from domains.samples import sample_of, sampled_domains
from local import laptop
from local.aws import process
from local.console import fail, print_rows, print_table, say, show, write_json
from local.errors import LakeError, with_step
from local.session import DEMO
from shared.project import project_folder

EXAMPLE = "./lake demo --rows 200000 --days 7 --json demo.json"
RESULT = {
    "domain": "of the sample",
    "files": "received, and by outcome; file_reasons: quarantined, by reason",
    "rows": "by dataset: read, written, quarantined, deduplicated, replaced, expired",
    "quarantine": "rows by reason",
    "tables": "rows by table",
    "balanced": "whether every file and record has exactly one fate",
    "seconds": "by stage; further members are the headlines of the sample",
}
BUG = "./lake demo again; when it stays, it is a bug of the product: report it with this message"
SHOWN_ROWS = 7
SHOWN_DIFFERENCES = 50


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--domain",
        choices=sampled_domains(),
        default=next(iter(sampled_domains()), None),
        help="one that brings a sample (default: the first)",
    )
    add_size(parser)
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same files (default 7)")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave the demo's lake running (else `./lake up --demo` brings it back, data and all)",
    )
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Runs the demo in a lake of its own, which forgets the demo before; the laptop's stays as it is."""
    if arguments.domain is None:  # before anything is forgotten
        raise LakeError(
            "no domain of the project brings a sample (domains/<name>/sample/), which a demo needs",
            "./lake up, then ./lake drop brings files of your own",
        )
    laptop.require_java()
    sample_of(arguments.domain)  # one that cannot be used is refused before anything is forgotten
    sample = demo.Sample(
        arguments.domain, size(arguments), arguments.seed, project_folder() / ".lake" / "demo" / "sample"
    )
    try:
        report = demo.run(sample)
    finally:
        if not arguments.keep:
            process.stop(DEMO)
    _print(report.results, report.seconds)
    write_json(arguments.json, report.results.document(report.seconds))
    code = _print_verdict(report.results, report.differences)
    first = "" if arguments.keep else "./lake up --demo, then "
    say(f"look around: {first}./lake status {arguments.domain} --demo, ./lake query --demo --help")
    return code


def _print_verdict(results: Results, differences: Sequence[str]) -> int:
    if not results.balanced:
        return fail(with_step("NOT balanced: some file or record has no fate, or two", BUG))
    if differences:
        more = (
            f"\n  … and {len(differences) - SHOWN_DIFFERENCES} more"
            if len(differences) > SHOWN_DIFFERENCES
            else ""
        )
        listed = "\n  ".join(differences[:SHOWN_DIFFERENCES])
        return fail(with_step(f"not what must come out:\n  {listed}{more}", BUG))
    say("balanced; every number is what must come out (expected.json)")
    return 0


def _print(results: Results, seconds: dict[str, float]) -> None:
    print_table(f"{results.domain}: files", tuple(results.files), [tuple(results.files.values())])
    print_table("quarantined files by reason", ("reason", "files"), list(results.file_reasons.items()))
    fates = ("read", "written", "quarantined", "deduplicated", "replaced")
    print_table(
        "records",
        ("dataset", *fates),
        [(dataset, *(rows[f] for f in fates)) for dataset, rows in results.rows.items()],
    )
    print_table(
        "quarantined rows by reason (a row may have several)",
        ("reason", "rows"),
        list(results.quarantine.items()),
    )
    print_table("tables", ("table", "rows"), list(results.tables.items()))
    for name, rows in results.headlines.items():
        if rows:
            show(name.replace("_", " "))
            print_rows(tuple(rows[0]), [tuple(row.values()) for row in rows[:SHOWN_ROWS]])
    print_table(
        "wall time", ("stage", "seconds"), [(stage, f"{value:.1f}") for stage, value in seconds.items()]
    )
    total = {fate: sum(rows[fate] for rows in results.rows.values()) for fate in fates}
    line = f"{total['read']:,} read = " + " + ".join(f"{total[f]:,} {f}" for f in fates[1:])
    say(f"{line}: {'balanced' if results.balanced else 'NOT balanced'}")
