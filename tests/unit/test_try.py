"""`./lake try` without Spark: which dataset a file is for, where its bad records stand, what is shown and what
is refused before anything starts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cli.main import main
from cli.trial.findings import _at_fault
from cli.trial.places import Places, Reread
from cli.trial.placing import Placed, PlacingError, placed
from cli.trial.report import DatasetFate, Fault, FileFate, Notice, Place, Report, TableView, warnings
from cli.trial.shown import show, where
from cli.trial.watching import forget, stamps
from local.console import OUT
from shared.contracts import contract
from shared.ledger.model import Profile, RowCounts
from shared.records import Accepted, Limits, judge
from shared.records.source import Source

SHOP = contract("shop")
EVENT = "event_id,user_id,ts\ne1,u1,2026-05-01T10:00:00Z\n"
TRANSACTION = "tx_id,amount,status,created_at\nt1,1.50,paid,2026-05-01T10:00:00Z\n"


def written(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def keys(*paths: Path, dataset: str | None = None) -> list[str]:
    return [p.key for p in placed(paths, SHOP, dataset)[0]]


def test_a_named_dataset_takes_every_file_and_a_folder_keeps_what_is_below_it(tmp_path: Path) -> None:
    written(tmp_path, "in/dt=2026-05-01/a.csv", EVENT)
    assert keys(tmp_path / "in", dataset="users") == ["shop/users/dt=2026-05-01/a.csv"]


def test_a_file_is_of_the_dataset_that_its_folder_is_called_after(tmp_path: Path) -> None:
    file = written(tmp_path, "raw/transactions/day/a.csv", EVENT)
    assert keys(tmp_path / "raw") == ["shop/transactions/day/a.csv"]
    assert keys(tmp_path / "raw" / "transactions") == ["shop/transactions/day/a.csv"]
    alone = written(tmp_path, "users/u.csv", EVENT)
    assert keys(alone) == ["shop/users/u.csv"]
    assert keys(file) == ["shop/events/a.csv"]  # its own folder says nothing: by its columns


def test_otherwise_it_is_of_the_dataset_that_knows_most_of_its_columns(tmp_path: Path) -> None:
    files, left = placed([written(tmp_path, "x.csv", TRANSACTION)], SHOP, None)
    assert [(f.key, f.why) for f in files] == [("shop/transactions/x.csv", "knows 4 of its columns")]
    assert not left


def test_what_is_of_no_dataset_or_of_two_is_left_and_said(tmp_path: Path) -> None:
    written(tmp_path, "a.csv", TRANSACTION)
    written(tmp_path, "b.csv", "colour,taste\nred,sweet\n")
    written(tmp_path, "c.csv", "user_id\nu1\n")
    _, left = placed([tmp_path], SHOP, None)
    assert [(u.source.name, u.why) for u in left] == [
        ("b.csv", "no dataset of the domain knows a column of it: say --dataset"),
        ("c.csv", "events and users know equally many of its columns: say --dataset"),
    ]


def test_files_of_one_name_are_files_of_their_own(tmp_path: Path) -> None:
    files = [written(tmp_path, f"{d}/a.csv", EVENT) for d in "xyz"]
    assert keys(*files, dataset="events") == [
        "shop/events/a.csv",
        "shop/events/2/a.csv",
        "shop/events/3/a.csv",
    ]


def test_nothing_to_try_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(PlacingError, match=r"nowhere\.csv does not exist"):
        placed([tmp_path / "nowhere.csv"], SHOP, None)
    with pytest.raises(PlacingError, match="there is no file in"):
        placed([tmp_path], SHOP, None)
    with pytest.raises(
        PlacingError, match="'event' is no dataset of shop; its datasets: events, users, tran"
    ):
        placed([tmp_path], SHOP, "event")
    with pytest.raises(PlacingError, match=r"b\.csv: no dataset of the domain knows a column"):
        placed([written(tmp_path, "b.csv", "colour\nred\n")], SHOP, None)


def profile_of(file: Path, dataset: str) -> Profile:
    with file.open("rb") as stream:
        verdict = judge(Source(stream, Limits()), SHOP.dataset(dataset), Limits(), file.suffix)
    assert isinstance(verdict, Accepted)
    return verdict.profile


def found(file: Path, dataset: str, *raw: str) -> Places:
    reread = Reread(
        lambda: file.open("rb"), profile_of(file, dataset), SHOP.dataset(dataset), SHOP.null_spellings
    )
    return reread.places(raw)


def test_a_quarantined_row_of_a_table_is_found_by_its_line(tmp_path: Path) -> None:
    text = "tx_id,amount,status,created_at\nt1,1,paid,\n\nt2,1.x, PAID ,n/a\nt3,x,,\nt2,1.x,paid,\nbroken\n"
    file = written(tmp_path, "t.csv", text + "".join(f"g{i},1,paid,2026-05-01\n" for i in range(20)))
    kept = (
        '{"tx_id":"t2","amount":"1.x","status":"paid"}',
        '{"tx_id":"t3","amount":"x"}',
        "broken",
        '{"tx_id":"t2","amount":"1.x","status":"paid"}',
        '{"tx_id":"t9","amount":"x"}',
    )
    assert found(file, "transactions", *kept) == Places("line", (4, 5, 7, 6, None))


def test_lines_above_the_header_count_as_an_editor_counts_them(tmp_path: Path) -> None:
    text = "Report of May\n\nevent_id,ts,price\ne1,2026-05-01,1\ne2,2026-05-01,x\n"
    file = written(tmp_path, "e.csv", text)
    assert found(file, "events", '{"event_id":"e2","ts":"2026-05-01","price":"x"}') == Places("line", (5,))


def test_json_lines_have_lines_and_unknown_columns_do_not_hide_a_record(tmp_path: Path) -> None:
    lines = [
        '{"event_id":"e1","ts":"2026-05-01"}',
        "",
        '{"id":"e2","ts":"soon","colour":"red","age":"none"}',
        '{"event_id":3}',
    ]
    file = written(tmp_path, "e.ndjson", "\n".join(lines))
    kept = ('{"event_id":"3"}', '{"id":"e2","ts":"soon","age":"none","colour":"red"}')
    assert found(file, "events", *kept) == Places("line", (4, 3))


def test_where_a_record_is_no_line_its_number_counts(tmp_path: Path) -> None:
    document = written(
        tmp_path,
        "e.json",
        json.dumps([{"event_id": "e1", "ts": "2026-05-01"}, {"event_id": "e2", "ts": "x"}], indent=1),
    )
    assert found(document, "events", '{"event_id":"e2","ts":"x"}') == Places("record", (2,))
    table = written(tmp_path, "e.csv", 'event_id,name,ts\ne1,"two\nlines",2026-05-01\ne2,one,x\n')
    assert found(table, "events", '{"event_id":"e2","name":"one","ts":"x"}') == Places("record", (2,))


def test_a_record_of_a_list_is_found_by_the_document_that_it_is_in(tmp_path: Path) -> None:
    order = {"id": "o1", "placed": {"at": "2026-05-01"}, "lines": [{"line": 1, "price": {"value": "x"}}]}
    orders = [order | {"id": "o0", "lines": [{"line": 1, "price": {"value": "1"}}]}, order]
    file = written(tmp_path, "o.json", json.dumps({"data": {"orders": orders}}))
    assert keys(file) == ["shop/orders/o.json"]
    kept = '{"order_id":"o1","line":"1","placed_at":"2026-05-01","price":"x"}'
    assert found(file, "order_lines", kept) == Places("record", (2,))


def fate(read: int, quarantined: int = 0, **more: object) -> DatasetFate:
    return DatasetFate(RowCounts(read, read - quarantined, quarantined), {}, {}, **more)  # type: ignore[arg-type]


ACCEPTED = FileFate("a.csv", "events", "accepted", 4)


def test_what_deserves_a_look_is_named_and_the_worst_comes_first() -> None:
    silver = TableView(4, pa.table({"a": [1]}), ("price", "age"))
    none = pa.table({"a": []})
    gold = {
        "gold.daily": TableView(0, none, sources=("silver.events",)),
        "gold.other": TableView(0, none, sources=("silver.events", "silver.users")),
    }
    tables = {"silver.events": silver, "silver.users": TableView(0, none), **gold}
    datasets = {"events": fate(10, 3), "users": fate(2, 2), "transactions": fate(10, 2)}
    told = warnings((ACCEPTED,), datasets, tables, computed=True)
    assert told == (
        Notice("users: every record was quarantined", red=True, fails=True),
        Notice("events: 30% of the records were quarantined", red=True),
        Notice("silver.events: price, age: null in all 4 rows"),
        Notice("gold.daily has no row"),
    )


def test_a_closed_gate_and_a_lost_record_are_red() -> None:
    lost = DatasetFate(RowCounts(3, 2), {}, {}, gate="halt", findings=("quarantine_rate is 0.5",))
    told = warnings((ACCEPTED,), {"events": lost}, {}, computed=True)
    assert [(n.fails, n.text) for n in told] == [
        (True, "events: not balanced: some record has no fate, or two"),
        (True, "events: the gate halts: quarantine_rate is 0.5; in a run gold would stay as it is"),
    ]
    refused = FileFate("a.csv", "events", "quarantined", reason="not_text")
    assert warnings((refused,), {}, {}, computed=True) == (
        Notice("no file was accepted", red=True, fails=True),
    )


def test_the_machines_form_has_files_datasets_tables_and_warnings() -> None:
    fault = Fault("invalid_type", ("ts",), 1, "help", (Place("e.csv", 4),))
    dataset = DatasetFate(RowCounts(2, 1, 1), {"invalid_type": 1}, {"ts": 1}, (fault,))
    table = TableView(1, pa.table({"event_id": ["e1"]}))
    report = Report(
        "shop", (ACCEPTED,), {"events": dataset}, {"silver.events": table}, {"events": {"colour": 1}}, {}
    )
    document = json.loads(json.dumps(report.document()))
    assert document["ok"] is True
    assert document["files"][0] | {"chosen": ""} == {
        "path": "a.csv", "dataset": "events", "outcome": "accepted", "records": 4,
        "reason": None, "detail": None, "help": None, "chosen": "", "left_out": 0,
    }  # fmt: skip
    assert document["datasets"]["events"] == {
        "read": 2, "written": 1, "quarantined": 1, "deduplicated": 0, "replaced": 0, "expired": 0, "erased": 0, "balanced": True,
        "by_reason": {"invalid_type": 1}, "by_column": {"ts": 1}, "gate": "pass",
        "faults": [{"reason": "invalid_type", "columns": ["ts"], "rows": 1, "help": "help",
                    "places": [{"file": "e.csv", "number": 4, "unit": "line"}]}],
    }  # fmt: skip
    assert document["tables"] == {"silver.events": {"rows": 1}}
    assert document["unknown_columns"] == {"events": {"colour": 1}}


def test_a_reason_has_its_own_columns() -> None:
    about = {"invalid_type": {"price", "age"}, "missing_value": {"status"}}
    row = {
        "reasons": ["invalid_type", "missing_value", "nested_value"],
        "columns": ["price", "status", "name"],
    }
    assert [_at_fault(r, row, about) for r in row["reasons"]] == [("price",), ("status",), ("name",)]


def test_places_are_short() -> None:
    at = (Place("/in/a.csv", 4), Place("/in/a.csv", 17), Place("/in/b.json", 2, "record"))
    assert where(at, 3) == "a.csv lines 4, 17; b.json record 2"
    assert where(at[:1], 90) == "a.csv line 4 …"
    assert where((), 90) == ""


def test_a_report_is_two_screens_whatever_the_data() -> None:
    wide = pa.table({f"c{i}": ["x" * 500, None] for i in range(30)})
    bad = FileFate("b.csv", "events", "quarantined", 0, "not_text", "the content is binary", "do this")
    faults = tuple(Fault("invalid_type", (f"c{i}",), 5, "help") for i in range(60))
    report = Report(
        "shop",
        (ACCEPTED,) * 500 + (bad,) * 500,
        {"events": DatasetFate(RowCounts(9, 9), {}, {}, faults)},
        {f"gold.t{i}": TableView(2, wide) for i in range(40)},
        {"events": {f"unknown{i}": 1 for i in range(300)}},
        {},
    )
    with OUT.capture() as shown:
        show(report)
    lines = shown.get().splitlines()
    assert len(lines) < 120
    assert max(map(len, lines)) <= 160
    assert any("c29" in line for line in lines)  # sideways: a column a line
    assert "\x1b" not in shown.get()


def test_a_change_of_a_file_is_seen_and_the_contract_is_read_anew(tmp_path: Path) -> None:
    file = written(tmp_path, "d/a.csv", EVENT)
    before = stamps([tmp_path])
    assert list(before) == [file]
    written(tmp_path, "d/a.csv", EVENT * 2)
    assert stamps([tmp_path]) != before
    read = contract("shop")
    forget("shop")
    assert contract("shop") == read
    assert contract("shop") is not read


def test_a_file_that_is_gone_since_it_was_listed_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, saving = written(tmp_path, "d/b.csv", EVENT), written(tmp_path, "d/a.csv~", EVENT)
    look = Path.stat

    def stat(path: Path, *args: Any, **options: Any) -> Any:
        found = look(path, *args, **options)
        if path == saving:
            path.unlink()
        return found

    monkeypatch.setattr(Path, "is_file", lambda path: path.suffix == ".csv" or stat(path) is not None)
    monkeypatch.setattr(Path, "rglob", lambda *_: [file, saving, tmp_path / "gone"])
    assert file in stamps([tmp_path])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shop", "nowhere.csv"], "nowhere.csv does not exist"),
        (["shop", "{empty}"], "there is no file in"),
        (["shop", "{file}", "--dataset", "event"], "'event' is no dataset of shop"),
        (["shop", "{other}"], "no dataset of the domain knows a column of it: say --dataset"),
    ],
)
def test_a_mistake_is_one_message_before_anything_starts(
    words: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "empty").mkdir()
    places = {
        "empty": str(tmp_path / "empty"),
        "file": str(written(tmp_path, "e.csv", EVENT)),
        "other": str(written(tmp_path, "o.csv", "colour\nred\n")),
    }
    monkeypatch.setattr("local.aws.jvm.Jvm.__init__", None)
    assert main(["try", *(w.format(**places) for w in words)]) == 1
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err
    assert not told.out


def test_a_domain_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["try", "shap", "x.csv"])
    assert "'shap'" in capsys.readouterr().err


def test_all_that_is_wrong_with_the_contract_is_said_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.contracts import ContractError
    from shared.contracts.problems import Examined

    wrong = [ContractError("c.yaml", "schema[0]", "this"), ContractError("c.yaml", "schema[1]", "that")]
    for place in ("cli.verbs.trial", "cli.lint.domain"):
        monkeypatch.setattr(f"{place}.examined_domain", lambda _: Examined(wrong))
    assert main(["try", "shop", str(written(tmp_path, "e.csv", EVENT))]) == 1
    told = capsys.readouterr().err
    assert "this" in told
    assert "that" in told


def test_placed_files_say_how_their_dataset_was_found(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", EVENT)
    assert placed([file], SHOP, "events")[0] == [
        Placed(file, "events", "shop/events/a.csv", "as --dataset says")
    ]
