"""`./lake`: arguments, drops and the parts of a report that need no AWS."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli import drops, results, runs
from cli.main import VERBS, main
from cli.options import date, positive
from cli.run_request import run_request
from cli.verbs import query
from shared.contracts import contract
from shared.ledger.model import FileStatus, LedgerFile


def test_every_verb_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for verb, (module, _) in VERBS.items():
        with pytest.raises(SystemExit) as ended:
            main([verb, "--help"])
        assert ended.value.code == 0
        assert (
            importlib.import_module(f"cli.verbs.{module}").EXAMPLE.splitlines()[0] in capsys.readouterr().out
        )


def test_without_a_verb_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "./lake demo" in capsys.readouterr().out


def test_an_unknown_verb_or_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dance"]) == 2
    with pytest.raises(SystemExit, match="2"):
        main(["up", "--nonsense"])
    assert "--nonsense" in capsys.readouterr().err


def test_a_run_asks_for_what_was_given_and_nothing_else() -> None:
    assert run_request("shop", "") == {}
    asked = run_request("shop", "", from_date=dt.date(2026, 1, 1), full_refresh=True)
    assert asked == {"from_date": "2026-01-01", "full_refresh": True}


def test_reversed_dates_start_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "shop", "--from-date", "2026-02-01", "--to-date", "2026-01-31"]) == 1
    assert "--from-date 2026-02-01 is after --to-date 2026-01-31" in capsys.readouterr().err


def test_following_and_stopping_go_with_no_option_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "shop", "--stop", "--full-refresh"]) == 1
    assert "no other option" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dataset", "event"], "shop has no dataset 'event'; expected one of events, users, transactions"),
        (["--since", "2999-01-01"], "2999-01-01 is yet to come"),
        (["--reason", "bad_luck"], "'bad_luck' is not a reason of shop"),
    ],
)
def test_a_replay_of_what_does_not_exist_starts_nothing(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "shop", *words]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["yesterday", "2026-13-01", "2999-01-01T00:00:00"])
def test_a_rollback_needs_a_moment_of_the_past(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["rollback", "shop", "--to", wrong])
    assert wrong in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["2026-1-1x", "yesterday", "2026-02-30"])
def test_a_wrong_date_is_named(wrong: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="YYYY-MM-DD"):
        date(wrong)


def test_the_example_of_query_names_columns_that_exist() -> None:
    columns = contract("shop").table("daily_revenue").column_names
    words = query.EXAMPLE.partition("select ")[2].partition(" from gold.daily_revenue")[0].split(", ")
    assert words
    assert set(words) <= set(columns)


def test_numbers_may_be_grouped() -> None:
    assert positive("200_000") == 200_000
    with pytest.raises(argparse.ArgumentTypeError):
        positive("0")


class TestDrops:
    def test_a_folder_keeps_its_paths(self, tmp_path: Path) -> None:
        (tmp_path / "sub dir").mkdir()
        (tmp_path / "sub dir" / "ü.json").write_text("{}")
        assert [d.key for d in drops.planned([tmp_path], "shop", "events")] == ["shop/events/sub dir/ü.json"]

    def test_first_folders_name_what_was_not_named(self, tmp_path: Path) -> None:
        (tmp_path / "shop" / "events").mkdir(parents=True)
        (tmp_path / "shop" / "events" / "a.json").write_text("{}")
        assert [d.key for d in drops.planned([tmp_path], None, None)] == ["shop/events/a.json"]
        assert [d.key for d in drops.planned([tmp_path / "shop"], "shop", None)] == ["shop/events/a.json"]

    def test_two_files_of_one_key_are_refused_and_both_named(self, tmp_path: Path) -> None:
        files = [tmp_path / "a" / "x.csv", tmp_path / "b" / "x.csv"]
        for file in files:
            file.parent.mkdir()
            file.write_text("id\n1\n")
        with pytest.raises(
            drops.DropError, match=f"{files[0]} and {files[1]} would both become shop/events/x"
        ):
            drops.planned(files, "shop", "events")
        assert len(drops.planned([files[0]], "shop", "events")) == 1

    def test_a_folder_without_files_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        with pytest.raises(drops.DropError, match="holds no file"):
            drops.planned([tmp_path], "shop", "events")

    @pytest.mark.parametrize(
        ("key", "said"),
        [
            ("shop/event/a.json", "shop has no dataset event; expected one of events, users, transactions"),
            ("shops/events/a.json", "there is no domain shops; expected one of shop, web"),
        ],
    )
    def test_what_no_contract_knows_is_refused_before_any_upload(self, key: str, said: str) -> None:
        right = drops.Drop(Path("a.json"), "shop/events/a.json")
        with pytest.raises(drops.DropError, match=said):
            drops.refuse_unknown([right, drops.Drop(Path("a.json"), key)], ["shop", "web"])
        drops.refuse_unknown([right], ["shop", "web"])

    def test_a_key_that_names_no_dataset_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text("{}")
        for paths, domain, dataset in (
            ([tmp_path / "a.json"], "shop", None),
            ([tmp_path], "shop", None),
            ([tmp_path], None, "events"),
        ):
            with pytest.raises(drops.DropError):
                drops.planned(paths, domain, dataset)
        with pytest.raises(drops.DropError, match="does not exist"):
            drops.planned([tmp_path / "nope"], "shop", "events")


def test_quarantined_files_are_counted_by_reason() -> None:
    fates = [
        ("a", "quarantined", "not_text"),
        ("b", "quarantined", "empty_file"),
        ("c", "quarantined", "not_text"),
    ]
    others = [("d", "accepted", None), ("e", "duplicate", None), ("f", "claimed", "object_gone")]
    files = [
        LedgerFile("raw", key, "1", "shop", "events", FileStatus(status), reason=reason)
        for key, status, reason in fates + others
    ]
    assert results.file_reasons(files) == {"empty_file": 1, "not_text": 2}
    assert results.file_counts(files) == {"received": 6, "accepted": 1, "quarantined": 3, "duplicate": 1}


class TestDifferences:
    def test_equal_is_equal(self) -> None:
        assert results.differences({"a": {"b": [1, {"c": "2"}]}}, {"a": {"b": [1, {"c": "2"}]}}) == []

    def test_what_nobody_expects_must_be_absent_or_zero(self) -> None:
        assert results.differences({"a": 1}, {"a": 1, "replaced": 0}) == []
        assert results.differences({"a": 1}, {"a": 1, "b": 2}) == ["b: expected 0, found 2"]

    def test_each_difference_says_where(self) -> None:
        assert results.differences({"t": {"x": 1}}, {"t": {"x": 2}}) == ["t/x: expected 1, found 2"]
        assert results.differences({"t": [1]}, {"t": [1, 2]}) == ["t: expected [1], found [1, 2]"]
        two, one = {"t": [{"x": 1}, {"x": 2}]}, {"t": [{"x": 3}]}
        assert results.differences(two, one) == [
            "t: no {'x': 1}",
            "t: no {'x': 2}",
            "t: {'x': 3} was not expected",
        ]
        assert results.differences(two, {"t": [*two["t"], {"x": 2}]}) == ["t: expected 2 rows, found 3"]

    def test_cells_are_plain(self) -> None:
        zoned = dt.datetime(2026, 1, 1, 7, tzinfo=dt.timezone(dt.timedelta(hours=7)))
        assert [results.plain(v) for v in (zoned, dt.date(2026, 1, 1), Decimal("1.50"), None, 3)] == [
            "2026-01-01T00:00:00",
            "2026-01-01",
            "1.50",
            None,
            3,
        ]


def event(kind: str, name: str, second: int) -> Any:
    detail = "stateEnteredEventDetails" if kind.endswith("Entered") else "stateExitedEventDetails"
    return {
        "type": kind,
        detail: {"name": name},
        "timestamp": dt.datetime(2026, 1, 1, 0, 0, second, tzinfo=dt.UTC),
    }


def test_steps_have_their_own_time_also_when_one_comes_twice() -> None:
    events = [
        event("TaskStateEntered", "Wait", 0),
        event("TaskStateExited", "Wait", 5),
        event("TaskStateEntered", "Silver", 5),
        event("TaskStateExited", "Silver", 7),
        event("TaskStateEntered", "Wait", 7),
    ]
    assert [(s.name, s.seconds) for s in runs.steps_of(events)] == [
        ("Wait", 5.0),
        ("Silver", 2.0),
        ("Wait", None),
    ]


def test_the_job_run_in_a_cause_is_found() -> None:
    assert runs.job_run('{"JobName": "j", "Id": "jr_1", "ErrorMessage": "x"}') is not None
    assert runs.job_run("plain words") is None
    assert runs.job_run('["list"]') is None


@pytest.mark.parametrize(
    ("verb", "words", "name"),
    [
        ("drop", ["mine"], "paths"),
        ("generate", ["shop", "--out", "mine"], "out"),
        ("synth", ["--out", "mine"], "out"),
        ("trial", ["shop", "mine"], "files"),
        ("trial", ["shop", "x", "--out", "mine"], "out"),
        ("run", ["shop", "--json", "mine"], "json"),
    ],
)
def test_every_path_is_meant_from_the_callers_folder(
    verb: str, words: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKE_CALLED_FROM", "/called/from")
    parser = argparse.ArgumentParser()
    importlib.import_module(f"cli.verbs.{verb}").configure(parser)
    found = getattr(parser.parse_args(words), name)
    assert (found if isinstance(found, list) else [found]) == [Path("/called/from/mine")]


def test_no_verb_takes_a_path_from_the_products_folder() -> None:
    verbs = Path(__file__).parents[2] / "cli" / "verbs"
    assert [p.name for p in sorted(verbs.glob("*.py")) if "type=Path" in p.read_text("utf-8")] == []


def test_a_command_to_paste_about_a_domain_names_the_lake_as_well() -> None:
    folder = Path(__file__).parents[2] / "cli"
    command = re.compile(
        r"\./lake (?:run|status|query|replay|redrive|rollback)(?: --domain)? \{[a-z.]*domain\}(?!\{| --demo| --env \{session)"
    )
    files = [*folder.glob("*.py"), *(folder / "verbs").glob("*.py")]
    assert [p.name for p in files if command.search(p.read_text("utf-8"))] == []
