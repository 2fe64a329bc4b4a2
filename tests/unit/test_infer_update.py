"""`./lake infer --update`: new files against a contract that is there; only what they add is proposed."""

from __future__ import annotations

import difflib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from cli.infer.build import drafted
from cli.infer.contract_text import contract_text
from cli.infer.insertion import Insertion, inserted
from cli.infer.update import Additions, additions, diff
from cli.main import main
from shared.contracts import Contract, contract
from shared.contracts.odcs import parsed
from shared.contracts.paths import Path as ListPath
from shared.contracts.problems import problems
from tests.support.drafts import answered, contract_of, questions, write

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: draft
name: draft
version: 1.0.0
status: active
domain: draft
description: {purpose: Orders.}
customProperties:
  - {property: nullSpellings, value: ["", "null"]}   # words for nothing
  - {property: defaultTimezone, value: UTC}
schema:
  # what comes
  - name: bronze_orders
    physicalName: orders
    logicalType: object
    description: Orders.
    customProperties:
      - {property: layer, value: bronze}
      - {property: formats, value: [csv]}   # and soon more
  - name: silver_orders
    physicalName: orders
    logicalType: object
    description: One row per order.
    customProperties:
      - {property: layer, value: silver}
      - {property: kind, value: keyed}
      - {property: source, value: orders}
      - {property: order, value: [placed]}
    properties:
      - name: order_id
        logicalType: string
        physicalType: string
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        description: Its number.
        customProperties:
          - {property: aliases, value: [Order No]}
      - name: placed
        logicalType: date
        physicalType: date
        description: >-
          When it
          was placed.

  # behind
"""
OLD = "Order No,placed\nA1,2026-01-02\nA2,2026-01-03\n"


def known() -> Contract:
    return parsed(yaml.safe_load(CONTRACT), "draft")


def updated(folder: Path) -> tuple[str, list[str]]:
    """The contract with what the files add, and what is said of it."""
    found = additions(drafted([folder], "draft", contract=known()), known(), CONTRACT, "draft")
    return inserted(CONTRACT, found.insertions), found.said


def added(text: str) -> list[str]:
    """The lines that are new; none may be gone but for a list that became longer."""
    changes = list(difflib.ndiff(CONTRACT.splitlines(), text.splitlines()))
    gone = [line[2:] for line in changes if line.startswith("- ")]
    assert all("value: [" in line for line in gone), gone
    return [line[2:].strip() for line in changes if line.startswith("+ ")]


def test_files_that_the_contract_knows_add_nothing(tmp_path: Path) -> None:
    text, said = updated(write(tmp_path, {"orders_1.csv": OLD}))
    assert (text, said) == (CONTRACT, [])


def test_a_new_column_stands_behind_the_others_and_nothing_else_moves(tmp_path: Path) -> None:
    text, said = updated(
        write(
            tmp_path,
            {"orders_2.csv": "Order No,placed,Total (EUR)\nA3,2026-01-04,5.50\nA4,2026-01-04,NULL\n"},
        )
    )
    assert said == ["orders.total_eur: a column, decimal(18,2)"]
    lines = added(text)
    assert lines[0] == "- name: total_eur"
    assert "- {property: aliases, value: [Total (EUR)]}" in lines
    assert not any("primaryKey" in line or "required" in line for line in lines)
    assert problems(yaml.safe_load(text), "draft") == []
    assert text.endswith("\n\n  # behind\n")


def test_other_formats_and_words_for_nothing_make_lists_longer(tmp_path: Path) -> None:
    rows = '{"order_id": "A3", "placed": "2026-01-04"}\n{"order_id": "A4", "placed": "n/a"}\n'
    text, said = updated(write(tmp_path, {"orders_3.ndjson": rows}))
    assert said == ["orders: formats ndjson", "nullSpellings n/a"]
    assert added(text) == [
        '- {property: nullSpellings, value: ["", "null", n/a]}   # words for nothing',
        "- {property: formats, value: [csv, ndjson]}   # and soon more",
    ]


def test_values_that_the_contract_does_not_read_are_asked_about(tmp_path: Path) -> None:
    text, said = updated(write(tmp_path, {"orders_4.csv": "Order No,placed\nA3,31.01.2026\nA4,2026-01-04\n"}))
    assert said == ["orders.placed: 1 of 2 values of new files are not read; all look like iso, dd.MM.yyyy"]
    assert questions(text) == ["placed"]
    assert "31.01" not in text


def test_a_question_that_stands_there_is_not_asked_twice(tmp_path: Path) -> None:
    folder = write(tmp_path, {"orders_4.csv": "Order No,placed\nA3,31.01.2026\nA4,2026-01-04\n"})
    once, _ = updated(folder)
    again = additions(drafted([folder], "draft", contract=known()), known(), once, "draft")
    assert again == Additions([], ["orders.placed: values of new files are not read, as is asked there"])


def test_lists_that_the_contract_reads_are_no_question(tmp_path: Path) -> None:
    rows = [{"order_id": f"A{n}", "sizes": [n, 2.5], "days": ["2026-01-02"]} for n in range(1, 4)]
    folder = write(tmp_path, {"orders.ndjson": "".join(json.dumps(r) + "\n" for r in rows)})
    text = answered(contract_text(drafted([folder], "draft")))
    agreed = parsed(yaml.safe_load(text), "draft")
    assert agreed.silver[0].column("sizes").type.startswith("array<")
    assert additions(drafted([folder], "draft", contract=agreed), agreed, text, "draft") == Additions()
    other = write(tmp_path / "b", {"orders.ndjson": json.dumps(rows[0] | {"sizes": ["a", 1]}) + "\n"})
    found = additions(drafted([other], "draft", contract=agreed), agreed, text, "draft")
    assert [s.partition(":")[0] for s in found.said] == ["orders.sizes"]


def shop(*orders: dict[str, object]) -> str:
    return json.dumps({"orders": orders, "clients": [{"client_id": "c1"}, {"client_id": "c2"}]}, indent=1)


def test_a_new_column_of_a_dataset_that_reads_the_files_of_another_is_added(tmp_path: Path) -> None:
    old = write(tmp_path / "old", {"shop.json": shop({"order_id": "o1", "total": 1.5})})
    text = answered(contract_text(drafted([old], "draft")))
    agreed = parsed(yaml.safe_load(text), "draft")
    new = write(tmp_path / "new", {"shop.json": shop({"order_id": "o2", "total": 2.5, "note": "x"})})
    found = additions(drafted([new], "draft", contract=agreed), agreed, text, "draft")
    assert agreed.dataset("shop_orders").files_of == "shop_clients"
    assert found.said == ["shop_orders.note: a column, string"]
    assert problems(yaml.safe_load(inserted(text, found.insertions)), "draft") == []


def test_a_list_of_another_dataset_is_said_and_no_column(tmp_path: Path) -> None:
    rows = [{"order_id": f"o{n}", "lines": [{"sku": "s1"}]} for n in range(3)]
    folder = write(tmp_path, {"orders.ndjson": "".join(json.dumps(r) + "\n" for r in rows)})
    agreed = contract_of(answered(contract_text(drafted([folder], "draft"))))
    (orders,) = agreed.datasets
    known = replace(orders, lists_elsewhere=(ListPath(("lines",)),))
    columns = tuple(c for c in orders.target.columns if c.name != "lines")
    known = replace(known, target=replace(orders.target, columns=columns))
    fewer = replace(agreed, datasets=(known,))
    text = contract_text(drafted([folder], "draft"))
    found = additions(drafted([folder], "draft", contract=fewer), fewer, text, "draft")
    assert found == Additions([], ["orders: lines is another dataset's, and was not compared with it"])


@pytest.mark.parametrize(("end", "new"), [("\r\n", "\r\n"), ("\u2028", "\n")])
def test_ends_of_lines_stay(end: str, new: str) -> None:
    text = f"a: 1{end}b: 2\nc: 3"
    found = inserted(text, [Insertion(1, ("x: 1",)), Insertion(1, ("y: 2",)), Insertion(3, ("z: 3",))])
    assert found == f"a: 1{end}x: 1{new}y: 2{new}b: 2\nc: 3{new}z: 3{new}"
    assert inserted(text, [Insertion(2, ("b: 4",), instead=True)]) == f"a: 1{end}b: 4\nc: 3"


def test_a_column_that_is_known_by_its_path_is_known(tmp_path: Path) -> None:
    by_path = CONTRACT.replace("{property: aliases, value: [Order No]}", "{property: path, value: number}")
    agreed = parsed(yaml.safe_load(by_path.replace("value: [csv]", "value: [ndjson]")), "draft")
    folder = write(tmp_path, {"orders.ndjson": '{"number": "A1", "placed": "2026-01-02"}\n'})
    found = additions(drafted([folder], "draft", contract=agreed), agreed, by_path, "draft")
    assert found.said == []


def test_several_additions_each_stand_where_they_belong(tmp_path: Path) -> None:
    text, said = updated(
        write(tmp_path, {"orders_4.csv": "Order No,placed,total\nA3,31.01.2026,1.50\nA4,2026-01-04,NULL\n"})
    )
    assert [s.partition(":")[0] for s in said] == ["orders.total", "orders.placed"]
    lines = [line.strip() for line in text.splitlines()]
    assert lines.index("- name: placed") + 1 == next(i for i, line in enumerate(lines) if "DECIDE" in line)
    assert lines.index("was placed.") + 1 == lines.index("- name: total")


def test_a_column_under_a_new_header_is_asked_about(tmp_path: Path) -> None:
    text, _ = updated(write(tmp_path, {"orders_5.csv": "Order No,placed_on\nA3,2026-01-04\n"}))
    asked = " ".join(line.strip(" #") for line in text.splitlines())
    assert questions(text) == ["name"]
    assert "these files lack placed, of the same type: is this its new header, an alias?" in asked


def test_files_of_another_shape_are_a_dataset_more(tmp_path: Path) -> None:
    text, said = updated(write(tmp_path, {"clients.csv": "client_id,city\n1,Bonn\n2,Ulm\n"}))
    assert said == ["clients: a dataset with 2 columns"]
    agreed = parsed(yaml.safe_load(answered(text)), "draft")
    assert [d.name for d in agreed.datasets] == ["orders", "clients"]
    assert agreed.dataset("clients").target.primary_key == ("client_id",)


def test_files_that_people_name_are_a_dataset_of_that_name(tmp_path: Path) -> None:
    folder = write(tmp_path, {"orders_9.csv": OLD})
    draft = drafted([folder], "draft", "returns", contract=known())
    found = additions(draft, known(), CONTRACT, "draft", named=True)
    assert found.said == ["returns: a dataset with 2 columns"]


def test_the_diff_is_unified_and_has_the_place(tmp_path: Path) -> None:
    folder = write(tmp_path, {"orders_2.csv": "Order No,placed,total\nA3,2026-01-04,5.50\n"})
    found = additions(drafted([folder], "draft", contract=known()), known(), CONTRACT, "draft")
    lines = diff(CONTRACT, found, "domains/draft/contract.odcs.yaml").splitlines()
    assert lines[:2] == ["--- a/domains/draft/contract.odcs.yaml", "+++ b/domains/draft/contract.odcs.yaml"]
    assert not any(line.startswith("-") for line in lines[2:])


def test_the_verb_shows_and_writes_nothing_unless_told_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contract("shop")
    folder = write(
        tmp_path,
        {
            "transactions.csv": "tx_id,user_id,amount,status,created_at,shoe_size\n"
            "t1,u1,5.00,paid,2026-01-01T10:00:00Z,42\n"
        },
    )
    assert main(["infer", str(folder), "--domain", "shop", "--dataset", "transactions", "--update"]) == 0
    shown = capsys.readouterr()
    assert "+  - name: shoe_size" in shown.out
    assert "nothing was written" in shown.err
    assert contract("shop") == before


def test_what_cannot_be_updated_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["infer", str(tmp_path), "--domain", "nowhere", "--update"]) == 1
    assert "there is no domain 'nowhere' to update" in capsys.readouterr().err
    assert main(["infer", str(tmp_path), "--domain", "nowhere", "--apply"]) == 1
    assert "--apply goes with --update" in capsys.readouterr().err
