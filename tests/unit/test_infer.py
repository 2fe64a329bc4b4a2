"""`./lake infer`: drafts that lint finds right and that take the very files they were drafted from."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.drafts import answered, as_read, contract_of, questions, text_of, write

BERLIN = ("value: Region/City", "value: Europe/Berlin")
GERMAN = """\
Umsatzbericht;;;;;
Filiale Spandau;;;;;

Bon-Nr;Artikel-Nr;Menge;Betrag (EUR);Zeit;bezahlt
000{0}1;007;1,5;1.234,50;13.01.2026 09:12;ja
000{0}2;008;2;10,00;14.01.2026 10:00;nein
000{0}3;0815;0,125;0,99;02.01.2026 23:59;ja
000{0}4;007;3;k.A.;03.02.2026 00:30;ja
"""


def test_a_german_report_is_read_with_its_commas_points_zeros_and_preamble(tmp_path: Path) -> None:
    folder = write(tmp_path, {f"kasse_{n}.csv": GERMAN.format(n).encode("windows-1252") for n in (1, 2)})
    text = text_of(folder)
    assert questions(text) == ["defaultTimezone"]
    contract = contract_of(answered(text, [BERLIN]))
    (table,) = contract.silver
    assert {c.name: c.type for c in table.columns} == {
        "bon_nr": "string",
        "artikel_nr": "string",
        "menge": "decimal(18,3)",
        "betrag_eur": "decimal(18,2)",
        "zeit": "timestamp",
        "bezahlt": "boolean",
        "event_date": "date",
    }
    assert table.primary_key == ("bon_nr",)
    assert table.event_date_column == "zeit"
    assert contract.null_spellings == ("", "k.a.")
    read = as_read(contract, "kasse", sorted(folder.iterdir()))
    assert (read.files, read.records, read.unreadable, read.refused) == (2, 8, 0, {})
    assert read.read["betrag_eur"] == 6
    plan = contract.dataset("kasse").plan("betrag_eur")
    assert plan.value("1.234,50") == Decimal("1234.50")


AMERICAN = """Order ID,Placed At,Total,Zip Code,Customer Email
"A-1","03/04/2026 09:15 AM","$1,234.50",02134,ann@example.com
"A-2","03/13/2026 11:59 PM","$10.00",10001,bob@example.org
"A-3","03/05/2026 1:05 PM","($5.25)",94110,
"""


def test_american_dates_money_and_half_days_are_told_from_all_values(tmp_path: Path) -> None:
    folder = write(tmp_path, {"orders.csv": AMERICAN})
    text = text_of(folder)
    assert questions(text) == ["defaultTimezone"]
    contract = contract_of(answered(text, [("Region/City", "America/New_York")]))
    dataset = contract.dataset("orders")
    assert dataset.plan("placed_at").event_date("03/04/2026 09:15 AM", "UTC") == dt.date(2026, 3, 4)
    assert dataset.plan("total").value("($5.25)") == Decimal("-5.25")
    assert dataset.target.column("zip_code").type == "string"
    assert dataset.target.column("customer_email").confidential
    read = as_read(contract, "orders", [folder / "orders.csv"])
    assert (read.records, read.refused) == (3, {})
    with (folder / "orders.csv").open(newline="") as file:
        plain = [Decimal(r["Total"].strip("$()").replace(",", "")) for r in csv.DictReader(file)]
    values = [dataset.plan("total").value(t) for t in ("$1,234.50", "$10.00", "($5.25)")]
    assert [abs(v) for v in values if isinstance(v, Decimal)] == plain


def days(*texts: str) -> str:
    return "id,day\n" + "".join(f"{i},{t}\n" for i, t in enumerate(texts))


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (("13/01/2026", "01/02/2026"), ["dd/MM/yyyy"]),
        (("01/13/2026", "1/2/2026"), ["M/d/yyyy"]),
        (("13.1.26", "14.1.26"), None),  # two digits of a year may be the day
        (("31.12.1999", "1.1.2000"), ["d.M.yyyy"]),
        (("13-Feb-2026", "01-Mar-2026"), ["dd-MMM-yyyy"]),
        (("13 février 2026", "1 mars 2026"), ["d MMMM yyyy"]),
        (("20260213", "20260214"), ["yyyymmdd"]),
        (("2026-02-13", "2026-02-14"), ["iso"]),
        (("03/04/2026", "05/06/2026"), None),
        (("13/04/2026", "05/16/2026"), None),
    ],
)
def test_the_order_of_a_date_is_decided_over_all_values_or_asked(
    tmp_path: Path, texts: tuple[str, ...], formats: list[str] | None
) -> None:
    text = text_of(write(tmp_path, {"days.csv": days(*texts)}))
    if formats is None:
        assert questions(text) == ["formats"]
        return
    assert questions(text) == []
    plan = contract_of(text).datasets[0].plan("day")
    assert [f.name for f in plan.formats] == formats
    assert all(plan.value(t) is not None for t in texts)


def test_a_question_says_how_many_values_fit_and_shows_none(tmp_path: Path) -> None:
    text = text_of(write(tmp_path, {"days.csv": days("03/04/2026", "05/06/2026", "05/06/2026")}))
    asked = " ".join(line.strip(" #") for line in text.splitlines() if line.strip().startswith("#"))
    assert "day first or month first? all 3 values fit each of them [dd/MM/yyyy | MM/dd/yyyy]" in asked
    assert "03/04" not in text


def test_files_that_contradict_each_other_are_sent_to_datasets_of_their_own(tmp_path: Path) -> None:
    files = {
        "days_1.csv": days("13/04/2026"),
        "days_2.csv": days("04/13/2026"),
        "days_3.csv": days("04/14/2026"),
    }
    text = " ".join(line.strip(" #") for line in text_of(write(tmp_path, files)).splitlines())
    assert (
        "1 file day first, 2 files month first; no format reads both: give each group of files a dataset"
        in text
    )


def test_digits_around_an_e_are_asked_about_and_text_under_a_name_of_codes(tmp_path: Path) -> None:
    def drafted_of(name: str, texts: list[str]) -> str:
        content = f"id;{name}\n" + "".join(f"{i};{t}\n" for i, t in enumerate(texts))
        return text_of(write(tmp_path / name, {"sizes.csv": content}))

    assert questions(drafted_of("size", ["1000", "12E5"])) == ["physicalType"]
    assert questions(drafted_of("width", ["1E3", "12E5"])) == []
    text = drafted_of("part_no", ["1000", "12E5"])
    assert questions(text) == []
    assert contract_of(text).silver[0].column("part_no").type == "string"


def test_percent_signs_of_some_values_are_asked_about(tmp_path: Path) -> None:
    assert questions(text_of(write(tmp_path, {"r.csv": "id;rate\n1;3\n2;4%\n"}))) == ["numberStyle"]
    assert questions(text_of(write(tmp_path / "all", {"r.csv": "id;rate\n1;3 %\n2;4%\n"}))) == []


def test_years_of_birth_with_two_digits_are_asked_about(tmp_path: Path) -> None:
    content = "id;{}\n1;13.02.46\n2;28.12.51\n"
    assert questions(text_of(write(tmp_path, {"b.csv": content.format("geburtsdatum")}))) == ["year"]
    text = text_of(write(tmp_path / "d", {"b.csv": content.format("lieferdatum")}))
    assert "2 values with two digits for the year, which are 2000 to 2099" in text


def test_a_footer_is_a_cell_of_its_own(tmp_path: Path) -> None:
    content = "id;city;amount\n1;Ulm;1,50\n2;Ulm;2,50\n{};;4,00\n"
    for word in ("Total", "Summe:", '"Total"'):
        text = text_of(write(tmp_path / word.strip(':"'), {"c.csv": content.format(word)}))
        footer = re.compile(contract_of(text).datasets[0].footer or "never")
        assert footer.match(f"{word};;4,00")
        assert not footer.match("Totalenergies SE;Bonn;230,50")
        assert not footer.match("Sumitomo Ltd;Bonn;220,50")


def test_the_number_of_a_telephone_is_no_key_unasked(tmp_path: Path) -> None:
    rows = "".join(f"0{i:03d}/44{i:04d};n{i};2026-01-0{1 + i % 9}\n" for i in range(30))
    text = text_of(write(tmp_path, {"p.csv": f"telefon_nr;name;joined\n{rows}"}))
    assert "primaryKey: true" not in text.split("telefon_nr", 2)[-1].split("- name:")[0]
    assert contract_of(text).silver[0].kind == "files" or "primaryKey" in questions(text)


@pytest.mark.parametrize(
    ("texts", "type_", "spelled"),
    [
        (["10,50", "1.234"], "decimal(18,2)", (",", ".")),
        (["10.50", "1,234"], "decimal(18,2)", (None, ",")),
        (["1.234", "5.678"], "decimal(18,3)", None),
        (["1.234", "0.125"], "decimal(18,3)", (None, None)),
        (["1.234.567", "12"], "bigint", (",", ".")),
        (["1 234,5", "7,25"], "decimal(18,2)", (",", " ")),
        (["1'234.50", "2.5"], "decimal(18,2)", (None, "'")),
        (["1.5", "1,5"], "decimal(18,2)", None),
        (["12345678901234567890123", "1"], "decimal(38,0)", (None, None)),
        (["52.520008123", "13.4"], "double", (None, None)),
        (["1.5E3", "2"], "double", (None, None)),
        (["007", "12"], "string", (None, None)),
    ],
)
def test_marks_of_numbers_are_decided_over_all_values_or_asked(
    tmp_path: Path, texts: list[str], type_: str, spelled: tuple[str | None, str | None] | None
) -> None:
    content = "id;size\n" + "".join(f"{i};{t}\n" for i, t in enumerate(texts))
    text = text_of(write(tmp_path, {"sizes.csv": content}))
    if spelled is None:
        assert questions(text) == ["decimalMark"]
        assert f"physicalType: {type_}" in text
        return
    assert questions(text) == []
    column = contract_of(text).silver[0].column("size")
    assert (column.type, column.declared.decimal_mark, column.declared.group_mark) == (type_, *spelled)
    plan = contract_of(text).datasets[0].plan("size")
    assert all(plan.value(t) is not None for t in texts)


def test_a_text_far_behind_many_numbers_is_asked_about(tmp_path: Path) -> None:
    content = io.StringIO("id,size\n" + "".join(f"{i},{i}\n" for i in range(30_000)) + "30000,abc\n")
    text = text_of(write(tmp_path, {"sizes.csv": content.getvalue()}))
    asked = " ".join(line.strip(" #") for line in text.splitlines() if line.strip().startswith("#"))
    assert questions(text) == ["physicalType"]
    assert "30,000 of 30,001 values are numbers, 1 are not" in asked
