"""What holds of every draft: the same text in any order, no value of the data, one line for what is wrong."""

from __future__ import annotations

import csv
import gc
import io
import json
import os
import random
import re
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cli.infer import again, column, keys
from cli.infer.build import drafted
from cli.infer.errors import InferError
from cli.main import main
from tests.support.drafts import answered, contract_of, outputs, text_of, write

ROOT = Path(__file__).parents[2]

FORBIDDEN = re.compile(r"[A-Za-z0-9@.]{4,}")


def records(seed: int) -> list[dict[str, Any]]:
    """Unlike in every cell, so that any that leaks is seen."""
    rng = random.Random(seed)

    def word(length: int) -> str:
        return "".join(rng.choices("bcdfghjklmnpqrstvwxz", k=length))

    return [
        {
            "Kunden-Nr": f"{rng.randint(0, 99999):07}",
            "Name": f"{word(7).title()} {word(9).title()}",
            "E-Mail": f"{word(8)}@{word(6)}.net",
            "IBAN": "DE89370400440532013000",
            "Betrag": f"{rng.randint(1000, 9999)},{rng.randint(10, 99)}",
            "Status": rng.choice(["qwertzstat", "asdfghstat", "yxcvbnstat"]),
            "Gebucht": f"{rng.randint(10, 28)}.{rng.randint(10, 12)}.2031 {rng.randint(10, 23)}:{rng.randint(10, 59)}",
            "Notiz": rng.choice(["", "k.A.", word(30), word(40)]),
        }
        for _ in range(60)
    ]


def delimited(rows: list[dict[str, Any]], columns: list[str]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def ndjson(rows: list[dict[str, Any]], columns: list[str]) -> str:
    nested = ({c: r[c] for c in columns} | {"mehr": {c: r[c] for c in columns if c < "F"}} for r in rows)
    return "".join(json.dumps(r) + "\n" for r in nested)


@pytest.mark.parametrize("form", [delimited, ndjson])
def test_the_text_is_the_same_whatever_the_order_of_files_rows_and_columns(tmp_path: Path, form: Any) -> None:
    rows = records(5)
    columns = list(rows[0])
    first = outputs(write(tmp_path / "a", {f"kunden_{i}.x": form(rows[i::3], columns) for i in range(3)}))
    for seed in range(8):
        rng = random.Random(seed)
        rng.shuffle(rows)
        rng.shuffle(columns)
        sizes = sorted(rng.sample(range(1, 59), 2))
        parts = [rows[: sizes[0]], rows[sizes[0] : sizes[1]], rows[sizes[1] :]]
        names = rng.sample(range(100), 3)
        folder = tmp_path / f"b{seed}"
        again = outputs(
            write(folder, {f"kunden_{n}.x": form(p, columns) for n, p in zip(names, parts, strict=True)})
        )
        assert again == first


@pytest.mark.parametrize("form", [delimited, ndjson])
def test_no_value_of_the_data_is_in_what_is_written(tmp_path: Path, form: Any) -> None:
    rows = records(6)
    columns = list(rows[0])
    written = outputs(write(tmp_path, {"kunden.x": form(rows, columns)}))
    text = "\n".join(c.decode() for c in written.values())
    cells = {cell for row in rows for cell in row.values()}
    pieces = {p for cell in cells for p in FORBIDDEN.findall(cell)} - {"k.A."}
    assert len(pieces) > 300
    assert sorted(p for p in pieces if p in text) == []


def peak(folder: Path) -> int:
    gc.collect()  # else it is a matter of chance when blocks that are in a cycle go
    tracemalloc.start()
    drafted([folder], "draft")
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return used


def test_memory_does_not_grow_with_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "HELD", 1000)
    monkeypatch.setattr(column, "MOST_VALUES", 500)
    monkeypatch.setattr(again, "REMEMBERED", 500)
    for size in (10_000, 30_000):
        rows = "".join(f"{n},c{n % 900},{'x' * 200}\n" for n in range(size))
        write(tmp_path / str(size), {"sales.csv": f"sale_id,client_id,note\n{rows}"})
    peak(tmp_path / "30000")  # what is loaded or remembered once
    assert peak(tmp_path / "30000") < 1.25 * peak(tmp_path / "10000")


def test_an_answered_folder_is_right_to_lint(tmp_path: Path) -> None:
    """In a process of its own: contracts are read once a process."""
    rows = [{k: v for k, v in r.items() if k != "Notiz"} for r in records(7)]
    write(tmp_path, {"files/kunden.csv": delimited(rows, list(rows[0])), "lake/environments.toml": "[dev]\n"})
    (tmp_path / "lake/domains").mkdir()
    environment = {**os.environ, "LAKE_PROJECT": str(tmp_path / "lake"), "PYTHONPATH": str(ROOT)}

    def lake(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)

    done = lake("infer", str(tmp_path / "files"), "--domain", "kundschaft")
    assert done.returncode == 0, done.stderr
    assert lake("contract", "lint").returncode == 1
    contract = tmp_path / "lake/domains/kundschaft/contract.odcs.yaml"
    contract.write_text(answered(contract.read_text(), [("value: Region/City", "value: Europe/Berlin")]))
    found = lake("contract", "lint")
    assert found.returncode == 0, found.stderr
    contract.write_bytes(contract.read_bytes().replace(b"\n", b"\r\n"))
    write(tmp_path, {"files/kunden.csv": delimited([r | {"Neu": "7"} for r in rows], [*rows[0], "Neu"])})
    done = lake("infer", str(tmp_path / "files"), "--domain", "kundschaft", "--update", "--apply")
    assert done.returncode == 0, done.stderr
    lines = contract.read_bytes().split(b"\n")
    assert b"      - name: neu\r" in lines
    assert [line for line in lines[:-1] if not line.endswith(b"\r")] == []
    assert [p.name for p in contract.parent.iterdir() if p.name.startswith(".")] == []
    found = lake("contract", "lint")
    assert found.returncode == 0, found.stderr
    assert "kundschaft: 1 datasets, 2 tables: right" in found.stderr


@pytest.fixture(autouse=True)
def project(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of its own, so that nothing is written to the tests'."""
    folder = tmp_path_factory.mktemp("lake")
    (folder / "domains" / "shop").mkdir(parents=True)
    monkeypatch.setenv("LAKE_PROJECT", str(folder))


def infer(*words: str) -> int:
    return main(["infer", *words, "--domain", "drafted"])


def message(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2, lines
    assert lines[1].startswith("  → ")
    return lines[0]


WRONG: dict[str, tuple[bytes | None, str]] = {
    "gone.csv": (None, "there is no such file or folder"),
    "empty.csv": (b"", "empty_file"),
    "blank.csv": (b"\n\n  \n", "empty_file"),
    "header.csv": (b"id,total\n", "the file has no record"),
    "junk.bin": (bytes(range(256)) * 40, "not_text"),
    "cut.csv.gz": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc", "corrupt"),
    "broken.json": (b'[{"id": 1}, {"id"', "unparsable"),
    "plain.csv": (b'1,2026-01-02,"5.5"\n2,2026-01-03,"6.5"\n', "looks like a record, not like a header"),
    "people.csv": (b"alice,berlin\nbob,paris\n", "nothing tells whether line 1 is a header or a record"),
    "streets.csv": (b"ann,Main Street\nbob,High Street\n", "nothing tells whether line 1"),
    "broken.parquet": (b"PAR1" + b"\0" * 40, "corrupt_parquet"),
    "broken.zip": (b"PK\x03\x04" + b"\0" * 40, "damaged"),
    "wide.ndjson": (json.dumps({f"n{i}": 1 for i in range(2000)}).encode(), "1500 names"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_one_line_and_a_step_without_traceback(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content, expected = WRONG[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert infer(str(tmp_path / name)) == 1
    said = message(capsys)
    assert name in said
    assert expected in said


def test_a_member_of_a_zip_that_cannot_be_read_leaves_the_others(tmp_path: Path) -> None:
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("x.csv", "id,total\n9,2.50\n")
    with zipfile.ZipFile(outer, "w") as file:
        file.writestr("a_inner.zip", inner.getvalue())
        file.writestr("b_old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
        file.writestr("c_damaged.csv", b"id,total\n1,3.75\n")
        file.writestr("sales.csv", "id,total\n1,2.50\n")
    write(tmp_path, {"all.zip": outer.getvalue().replace(b"1,3.75", b"1,3.76", 1)})
    draft = drafted([tmp_path], "draft")
    assert [(d.name, d.rows) for d in draft.datasets] == [("sales", 1)]
    named = [why.partition(":")[0] for why in draft.left_out]
    assert named == ["all.zip/a_inner.zip", "all.zip/b_old.xls", "all.zip/c_damaged.csv"]


def test_a_project_of_ones_own_is_named_whole_in_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert infer(str(write(tmp_path, {"sales.csv": "id,total\n1,2.50\n"}) / "sales.csv")) == 0
    assert "sales: 1 file, 1 record, 2 columns, keyed" in capsys.readouterr().err
    folder = Path(os.environ["LAKE_PROJECT"]) / "domains/drafted"
    assert f"./lake drop {folder}/example/sales.csv --domain" in (folder / "README.md").read_text()


def test_people_can_say_that_text_has_a_header(tmp_path: Path) -> None:
    folder = write(tmp_path, {"shapes.csv": "colour,shape\nred,round\nblue,oval\n"})
    (dataset,) = drafted([folder], "draft", header=True).datasets
    assert [c.name for c in dataset.columns] == ["colour", "shape"]


def test_broken_files_among_others_are_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {name: content for name, (content, _) in WRONG.items() if content is not None})
    write(tmp_path, {"good_1.csv": "id,total\n1,2.50\n", "good_2.csv": "id,total\n2,2.50\n"})
    draft = drafted([tmp_path], "draft")
    assert [(d.name, d.rows) for d in draft.datasets] == [("good", 2)]
    assert len(draft.left_out) == len(WRONG) - 1
    (tmp_path / "good_1.csv").unlink()
    (tmp_path / "good_2.csv").unlink()
    assert infer(str(tmp_path)) == 1
    assert f"(and {len(WRONG) - 2} more)" in message(capsys)


def test_what_is_no_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert infer("/dev/null") == 1
    assert "/dev/null: is neither a file nor a folder" in message(capsys)


def test_a_folder_and_what_is_below_it_are_read_once(tmp_path: Path) -> None:
    folder = write(tmp_path, {"sales/dt=2026-01-02/part-1.csv": "id,total\n1,2.50\n"})
    below = folder / "sales/dt=2026-01-02"
    drafts = [drafted(paths, "draft") for paths in ([folder, below], [below, folder], [below / "part-1.csv"])]
    assert [[(d.name, d.rows) for d in draft.datasets] for draft in drafts] == [[("sales", 1)]] * 3


def test_an_empty_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert infer(str(tmp_path)) == 1
    assert "the folder holds no file" in message(capsys)


@pytest.mark.parametrize("name", ["Wrong-Name", "shop"])
def test_a_name_that_cannot_be_a_new_domain_is_refused_before_files_are_read(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["infer", str(tmp_path / "gone"), "--domain", name]) == 1
    assert "cannot name a domain" in (said := message(capsys)) or "is there already" in said


def test_events_that_are_still_to_come_are_counted_for_people_and_not_written(tmp_path: Path) -> None:
    days = "".join(f"{n},2{n}00-01-01\n" for n in range(1, 5)) + "5,2001-01-01\n"
    draft = drafted([write(tmp_path, {"visits.csv": f"id,day\n{days}"})], "draft")
    assert [(d.event_date, d.rows, d.ahead) for d in draft.datasets] == [("day", 5, 4)]


@pytest.mark.parametrize(
    "names",
    [
        [f"user{n}@mail.example" for n in range(12)],
        [f"2026-01-{n:02d}" for n in range(1, 13)],
        [f"{n:08d}-1c2d-4e5f-8a9b-0123456789ab" for n in range(12)],
        [str(1000 + n) for n in range(12)],
    ],
)
def test_values_that_stand_as_names_are_not_written(tmp_path: Path, names: list[str]) -> None:
    lines = [{"id": f"i{n}", "scores": dict.fromkeys(names, n)} for n in range(20)]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    folder = write(tmp_path, {"scores.ndjson": content})
    text = text_of(folder)
    assert [name for name in names if name in text] == []
    column = contract_of(text).silver[0].column("scores")
    assert (column.type, column.json) == ("string", True)


def test_records_called_by_addresses_are_refused_without_them(tmp_path: Path) -> None:
    lines = [{"day": f"d{n}", "a@mail.example": n, "b@mail.example": n} for n in range(20)]
    folder = write(tmp_path, {"scores.ndjson": "".join(json.dumps(line) + "\n" for line in lines)})
    with pytest.raises(InferError, match="members are called like values"):
        text_of(folder)
