"""Text as people export it: dialects, encodings, and what stands around the table."""

from __future__ import annotations

from typing import Any

import pytest

H = "tx_id,user_id,amount,status,created_at\n"
T = "2026-03-01T10:00:00Z"


def row(key: str, name: str = "u1") -> str:
    return f"{key},{name},10.50,paid,{T}\n"


def rows(start: str, count: int) -> str:
    return "".join(row(f"{start}{i:04}") for i in range(count))


FILES: dict[str, str | bytes] = {
    "exports/bom.csv": "\ufeff" + H + row("a1"),
    "exports/joined.csv": "\ufeff" + H + row("a2") + "\ufeff" + H + row("a3") + rows("a4", 20),
    "exports/other_order.csv": H + row("never") + "status,tx_id,user_id,amount,created_at\nx,y,z,1,2\n",
    "exports/utf16.txt": (H + row("b1", "Müller")).replace(",", "\t").encode("utf-16"),
    "exports/cp1252_all.csv": (H + row("never", "Müller") * 3).encode("cp1252"),
    "exports/cp1252_few.csv": (H + rows("c", 999) + row("never", "Müller")).encode("cp1252"),
    "exports/lines.csv": H + f'd1,"u\n1",10.5,paid,{T}\n' + f'd2,"u\r\n2",10.5,paid,{T}\n',
    "exports/quotes.csv": H
    + row("e1")
    + 'e2,"never closed,1,paid,\n'
    + rows("e3", 38)
    + f'e4,5" disc,1,paid,{T}\n',
    "exports/sep.csv": "sep=;\r\n" + (H + row("f1")).replace(",", ";").replace("\n", "\r\n"),
    "exports/title.csv": "Sales report\n\n" + H + row("g1"),
    "exports/comment.csv": "# exported 2026-03-01\n" + H + row("g2"),
    "exports/below_records.csv": rows("never", 3) + H + row("never"),
    "exports/units.csv": H + ",,EUR,,UTC\n" + rows("h", 20),
    "exports/total.csv": H + rows("i", 20) + "Total,,210.00,,\n",
    "exports/commas.json": '{"tx_id":"never","amount":1},\n' * 3,
    "exports/cut.json": f'{{"tx_id":"j1","created_at":"{T}"}}\n' * 29 + '{"tx_id":"never","amo',
    "exports/latin_header.csv": b"tx_id,created_at,prix_\xe9t\xe9\nnever,2026-03-01T10:00:00Z,5\n",
    "exports/collide.csv": f"tx_id,created_at,x,x_4,x\nk1,{T},1,2,3\n",
    "exports/wide.csv": ",".join(f"c{i}" for i in range(40_000)) + "\n",
    "exports/control.csv": f"tx_id,created_at\nl1,{T}\nl\x01,{T}\n",
    "exports/nul.csv": "tx_id,created_at\n" + "".join(f"m{i:03},{T}\n" for i in range(300)) + f"\0,{T}\n",
    "dressed/all.csv": "# exported\n" + H + ",,EUR,,UTC\n" + row("n1") + "Total,,10.50,,\n",
    "third_line/a.csv": "one,two,three\nfour,five,six\n" + H + row("o1"),
    "undated/total.csv": H + rows("p", 20) + "Total,,210.00,,\n",
    "windows/far.csv": (H + rows("q", 2000) + row("r1", "Müller – €")).encode("cp1252"),
    "latin/windows.csv": (H + row("never", "Müller – €")).encode("cp1252"),
    "latin/latin.csv": (H + row("s1", "Müller")).encode("iso-8859-1"),
}


@pytest.fixture(scope="module")
def text(lake: Any) -> Any:
    """All files dropped, silver run once."""
    rig = lake("text")
    for key, content in FILES.items():
        rig.drop(f"text/{key}", content.encode() if isinstance(content, str) else content)
    rig.silver("run-1")
    return rig


@pytest.fixture(scope="module")
def outcomes(text: Any) -> dict[str, tuple[str, str | None, str | None]]:
    return {
        f.key.removeprefix("text/"): (f.status.value, f.reason, f.detail) for f in text.ledger.files("text")
    }


@pytest.fixture(scope="module")
def users(text: Any) -> dict[str, str]:
    return dict(text.rows("silver.exports", "tx_id", "user_id"))


@pytest.fixture(scope="module")
def raw(text: Any) -> list[str]:
    return [r for (r,) in text.rows("quarantine.exports_rows", "raw_record")]


@pytest.mark.field("1", "A byte-order mark before the header, and where two files were joined", "right")
def test_a_mark_hides_no_column(users: Any):
    assert [k for k in users if k.startswith("a")][:3] == ["a1", "a2", "a3"]
    assert not [k for k in users if "\ufeff" in k]


@pytest.mark.field("1", "The header once more in the middle of joined files", "quarantined")
def test_a_header_among_the_rows_is_no_record(users: Any, raw: Any):
    assert "tx_id" not in users
    assert H.strip() in raw


@pytest.mark.field("17.6", "Joined files whose columns are in another order", "refused")
def test_a_header_in_another_order_refuses_the_file(outcomes: Any):
    assert outcomes["exports/other_order.csv"] == (
        "quarantined",
        "ambiguous_header",
        "line 3 is another header: two files were joined; split them",
    )


@pytest.mark.field("2", "UTF-16 of Excel, separated by tabs", "right")
def test_utf16_is_read(users: Any):
    assert users["b1"] == "Müller"


@pytest.mark.field("2", "Windows-1252 in all rows, where the contract has not named it", "refused")
def test_windows_1252_is_named(outcomes: Any):
    status, reason, detail = outcomes["exports/cp1252_all.csv"]
    assert (status, reason) == ("quarantined", "not_text")
    assert detail.endswith("looks like windows-1252; if it is, add `encodings: [windows-1252]`")


@pytest.mark.field("2", "Windows-1252 in one of 1,000 rows", "quarantined")
def test_one_row_in_another_encoding_is_put_aside(users: Any, outcomes: Any):
    assert outcomes["exports/cp1252_few.csv"][0] == "accepted"
    assert len([k for k in users if k.startswith("c")]) == 999


@pytest.mark.field("17.6", "Windows-1252 that the contract names, in row 2,001 only", "right")
def test_an_encoding_of_the_contract_is_used_wherever_it_begins(text: Any):
    assert dict(text.rows("silver.windows", "tx_id", "user_id"))["r1"] == "Müller – €"


@pytest.mark.field("17.6", "Windows-1252 where the contract says Latin 1", "refused")
def test_control_characters_of_latin_1_are_no_text(text: Any, outcomes: Any):
    assert outcomes["latin/windows.csv"][:2] == ("quarantined", "not_text")
    assert "windows-1252" in outcomes["latin/windows.csv"][2]
    assert text.rows("silver.latin", "tx_id", "user_id") == [("s1", "Müller")]


@pytest.mark.field("3", "Line breaks inside quoted fields", "right")
def test_line_breaks_in_quotes_are_part_of_the_value(users: Any):
    assert (users["d1"], users["d2"]) == ("u\n1", "u\n2")


@pytest.mark.field("4", "A quote that is never closed, and a lone one", "quarantined")
def test_an_open_quote_costs_its_own_line(users: Any, raw: Any):
    assert len([k for k in users if k.startswith("e")]) == 40
    assert users["e4"] == '5" disc'
    assert 'e2,"never closed,1,paid,' in raw


@pytest.mark.field("5", "sep=; as the first line", "right")
def test_the_named_separator_is_used(users: Any):
    assert users["f1"] == "u1"


@pytest.mark.field("6", "A title or a comment above the header", "right")
def test_what_stands_above_the_header_is_no_record(users: Any):
    assert [k for k in users if k.startswith("g")] == ["g1", "g2"]


@pytest.mark.field("6", "A header below lines that look like records", "refused")
def test_records_above_a_header_are_never_dropped(outcomes: Any):
    assert outcomes["exports/below_records.csv"] == (
        "quarantined",
        "ambiguous_header",
        "line 4 looks like the header, but lines above it look like records; if it is, say `header: 4`",
    )


@pytest.mark.field(
    "6", "A row of units, and totals below the data, also where no time is needed", "quarantined"
)
def test_units_and_totals_never_land(text: Any, users: Any, raw: Any):
    assert "Total" not in users
    assert len([k for k in users if k.startswith("h")]) == 20
    assert len(text.rows("silver.undated", "tx_id")) == 20
    assert "Total,,210.00,," in raw


@pytest.mark.field(
    "6", "Comments, units and totals that the contract names, and a header by its line", "right"
)
def test_what_the_contract_names_is_skipped_and_nothing_else(text: Any):
    assert text.rows("silver.dressed", "tx_id") == [("n1",)]
    assert text.rows("silver.third_line", "tx_id") == [("o1",)]
    (file,) = text.ledger.accepted("text", "dressed")
    assert (file.profile.skipped, file.profile.preamble, file.records) == (2, 1, 1)


@pytest.mark.field("20", "A comma behind each line of JSON", "refused")
def test_lines_that_are_nearly_json_say_what_is_wrong(outcomes: Any):
    assert "a comma ends lines that should be objects" in outcomes["exports/commas.json"][2]


@pytest.mark.field("20", "The last line is cut off", "quarantined")
def test_a_cut_line_costs_itself(users: Any, raw: Any):
    assert "j1" in users
    assert '{"tx_id":"never","amo' in raw


@pytest.mark.field("h3", "A header that is not UTF-8", "refused")
def test_a_header_in_another_encoding_is_refused(outcomes: Any):
    assert outcomes["exports/latin_header.csv"][:2] == ("quarantined", "not_text")


@pytest.mark.field("h4", "Names of columns that collide", "right")
def test_every_column_keeps_its_value(text: Any):
    extra = dict(text.rows("silver.exports", "tx_id", "_extra"))["k1"]
    assert extra == {"x": "1", "x_4": "2", "x_4_": "3"}


@pytest.mark.field("h2", "A header of 40,000 names", "refused")
def test_a_very_wide_header_is_refused_at_once(outcomes: Any):
    assert outcomes["exports/wide.csv"][2] == "40000 columns are more than 2000"


@pytest.mark.field("h10", "One control character in a short file", "right")
def test_one_control_character_makes_no_file_binary(users: Any):
    assert "l1" in users


@pytest.mark.field("h11", "One NUL in a long file", "quarantined")
def test_one_nul_costs_its_line(users: Any):
    assert len([k for k in users if k.startswith("m")]) == 300


@pytest.mark.field("17.6", "Nothing of these files is silently wrong", "right")
def test_no_row_that_should_not_land_has_landed(text: Any):
    for table in ("exports", "dressed", "third_line", "undated", "windows", "latin"):
        assert not [k for (k,) in text.rows(f"silver.{table}", "tx_id") if k.startswith(("never", "Total"))]
    assert all(r.rows.balanced for r in text.results("run-1").values())
