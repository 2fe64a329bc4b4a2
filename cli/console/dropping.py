"""Files from the browser into the raw bucket, and what becomes of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import UploadEventArguments

from cli import drops
from cli.catalogue_page.markup import Html, element
from cli.console.controls import Choice
from cli.console.lake import Lake
from cli.console.page import address
from cli.console.parts import badge, link, quiet, rows
from cli.console.section import Section
from cli.console.work import Work, begin
from cli.targets import check_decided
from local.session import Session
from shared.contracts import contract
from shared.ledger.model import FileStatus, LedgerFile
from shared.reasons import FILE_HELP, FileReason

# Quasar's uploader sends the files; a browser's own field and zone are what people and their keyboards use.
TAKE = "(e) => {{ getElement({id}).$refs.qRef.addFiles({files}); {after} }}"


@dataclass
class Dropped:
    """What was dropped on a page: versions of each key that the ledger had before."""

    before: dict[str, frozenset[str]] = field(default_factory=dict)


def drop_zone(lake: Lake, domain: str, dataset: str) -> None:
    """A place for files of a dataset."""
    names = {d.name: d.name for d in contract(domain).datasets}
    if not names:
        quiet(f"{domain} takes no files.")
        return
    dropped = Dropped()
    with ui.element("div").classes("fields"):
        chosen = Choice("Dataset", names, dataset)
        _zone(lake, domain, chosen, dropped)
    with ui.element("div").props('role="status"'):
        Section(lake, lambda s: _verdicts(s, dropped), _show, every=lake.seconds)


def _zone(lake: Lake, domain: str, chosen: Choice, dropped: Dropped) -> None:
    async def take(event: UploadEventArguments) -> None:
        folder = TemporaryDirectory(prefix="lake-console-")
        file = Path(folder.name) / (Path(event.file.name).name or "file")
        await event.file.save(file)
        dataset = chosen.value
        begin(
            lake,
            f"Dropping {file.name}",
            lambda work: _drop(lake, work, folder, file, domain, dataset, dropped),
        )

    upload = ui.upload(multiple=True, auto_upload=True, on_upload=take).classes("unseen")
    with ui.element("label").classes("drop") as zone:
        TextElement(tag="span", text="Drop files here, or choose them:")
        field = ui.element("input").props('type="file" multiple')
    field.on("change", js_handler=_take(upload.id, "e.target.files", "e.target.value = ''"))
    zone.on("dragover", js_handler="(e) => e.preventDefault()")
    zone.on("drop", js_handler=_take(upload.id, "e.dataTransfer.files", "e.preventDefault()"))


def _take(upload: int, files: str, after: str) -> str:
    return TAKE.format(id=upload, files=f"[...{files}]", after=after)


def _drop(
    lake: Lake,
    work: Work,
    folder: TemporaryDirectory[str],
    file: Path,
    domain: str,
    dataset: str,
    dropped: Dropped,
) -> str:
    """As `./lake drop` does. Raises LakeError where the contract is not decided or cannot be deployed."""
    with folder:
        plan = drops.planned([file], domain, dataset)
        check_decided([domain])
        session = lake.current(work)
        for each in plan:
            dropped.before[each.key] = frozenset(v.version for v in _versions(session, each.key))
        drops.upload(session, plan, lambda _: None)
    return ""


def _versions(session: Session, key: str) -> list[LedgerFile]:
    return session.ledger.versions_of(session.names.bucket("raw"), key, *FileStatus)


def _verdicts(session: Session, dropped: Dropped) -> list[tuple[str, LedgerFile | None]]:
    """The newest version of each key that came with the drop, the last dropped first."""
    found = []
    for key, before in reversed(list(dropped.before.items())):
        new = [v for v in _versions(session, key) if v.version not in before]
        found.append((key, new[-1] if new else None))
    return found


def _show(verdicts: list[tuple[str, LedgerFile | None]]) -> None:
    if verdicts:
        head = ("file", "outcome", "why", "what to do")
        rows("What you dropped", head, (_line(key, file) for key, file in verdicts))


def _line(key: str, file: LedgerFile | None) -> tuple[Html | str, ...]:
    name = link(key.split("/", 2)[-1], address("/file", key=key))
    if file is None or file.status is FileStatus.CLAIMED:
        return name, element("span", element("span", class_="turning"), " on its way"), "", ""
    if file.status is not FileStatus.QUARANTINED or not file.reason:
        return name, badge(file.status.value), file.detail or "", ""
    return name, badge(file.status.value), f"{file.reason}: {file.detail}", FILE_HELP[FileReason(file.reason)]
