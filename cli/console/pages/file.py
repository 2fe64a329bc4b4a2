"""One file's way: received, verdict, bronze, run, tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cli.catalogue_page.markup import Html, element, joined
from cli.console.page import Page, Visit, address
from cli.console.pages.files import outcome_badge
from cli.console.parts import empty, heading, html, link, moment, next_step, quiet, rows, size
from cli.console.section import Section
from cli.console.starting import run_address
from cli.file_way import Way, agreement, way_of
from cli.masking import HIDDEN, masked_record
from shared.ledger.model import FileStatus, LedgerFile

MASKED = (
    f"{HIDDEN} stands for what the contract has as confidential, or does not name: Show confidential, above."
)


def build(visit: Visit) -> None:
    key = visit.asked.get("key", "")
    html(element("p", element("code", key)))
    Section(
        visit.lake, lambda session: way_of(session, key), _shown(visit, key), every=2 * visit.lake.seconds
    )


def _shown(visit: Visit, key: str) -> Callable[[Way | None], None]:
    def show(way: Way | None) -> None:
        if way is None:
            step = "wait until it appears: events take seconds; else see whether the key is right"
            empty(f"The ledger knows no file {key!r}.", step)
            return
        html(element("ol", *_steps(visit, way), class_="way"))
        _show_bad(visit, way)
        _show_earlier(way)

    return show


def _steps(visit: Visit, way: Way) -> Iterator[Html]:
    file = way.file
    yield _step(
        "Received",
        _pairs(
            ("size", size(file.bytes) if file.bytes else ""),
            ("at, UTC", moment(file.written_at or file.ingested_at)),
        ),
    )
    yield _step("Verdict", joined((outcome_badge(file), _why(visit, way))))
    if file.status is FileStatus.ACCEPTED:
        profile = file.profile
        read = f"{profile.format}, {profile.encoding}" if profile else ""
        place = f"s3://{file.target_bucket}/{file.target_key}"
        yield _step("Bronze", _pairs(("kept at", place), ("read as", read), ("records", f"{file.records:,}")))
        yield _step("Run", _run(file))
        yield _step("Tables", _tables(visit, way))


def _step(name: str, content: Html) -> Html:
    return element("li", element("h2", name), content)


def _pairs(*pairs: tuple[str, str]) -> Html:
    shown = (joined((element("dt", n), element("dd", v))) for n, v in pairs if v)
    return element("dl", *shown)


def _why(visit: Visit, way: Way) -> Html:
    """Reason, the line where there is one, and the fix; the run that judges it again."""
    file = way.file
    if file.status is FileStatus.DUPLICATE:
        first = (file.duplicate_of or "").rpartition("@")[0]
        return element("p", "The same content as ", link(first, address("/file", key=first)))
    if file.status is not FileStatus.QUARANTINED:
        return element("p", file.detail) if file.detail else joined(())
    again = address("/runs", domain=file.domain, dataset=file.dataset, reason=file.reason or "")
    return joined(
        (
            element("p", element("strong", file.reason or ""), f": {file.detail}"),
            _named_line(visit, way),
            next_step(way.help),
            element("p", "When it is mended: ", link("replay it", f"{again}#replay"), ", or drop it again."),
        )
    )


def _named_line(visit: Visit, way: Way) -> Html | None:
    if way.line is None:
        return None
    number, text = way.line
    return element("pre", f"line {number}: {_text(visit, way, text)}", tabindex="0")


def _text(visit: Visit, way: Way, raw: str) -> str:
    """A text of the file, as far as it may be seen."""
    return raw if visit.lake.confidential else masked_record(raw, agreement(way.file)[1])


def _run(file: LedgerFile) -> Html:
    if file.processed_by is None:
        start = link("start one", address("/runs", domain=file.domain))
        return element("p", "Waits for a run: ", start, ".")
    return element("p", link(file.processed_by, run_address(file.domain, file.processed_by)))


def _tables(visit: Visit, way: Way) -> Html:
    """Those that its records reach, and the question that shows them."""
    listed = ", ".join(way.tables)
    key = way.file.key.replace("'", "''")
    sql = f"select * from {way.tables[0]} where _source_file = '{key}'" if way.tables else ""
    command = f'./lake query --domain {way.file.domain}{visit.lake.option} "{sql}"'
    reached = way.file.processed_by is not None and way.tables
    return joined((element("p", listed), next_step(command) if reached else None))


def _show_bad(visit: Visit, way: Way) -> None:
    if not way.bad:
        return
    heading("Its records in quarantine")
    rows(
        "Records that no table has, with where they stand in the file",
        ("where", "reasons", "columns", "record", "what to do"),
        [
            (
                b.place,
                ", ".join(b.reasons),
                ", ".join(b.columns),
                element("code", _text(visit, way, b.raw)),
                b.help,
            )
            for b in way.bad
        ],
    )
    if not visit.lake.confidential:
        quiet(MASKED)


def _show_earlier(way: Way) -> None:
    if way.earlier:
        heading("Earlier versions")
        lines = [
            (moment(f.ingested_at), outcome_badge(f), f.reason or "", f.detail or "") for f in way.earlier
        ]
        rows("Of the same key, the newest first", ("came, UTC", "outcome", "reason", "detail"), lines)


PAGE = Page("/file", "File", build, listed=False)
