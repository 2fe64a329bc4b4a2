"""What is decided of a column agrees with what its texts were made from, or is asked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.infer import facts, keys
from cli.infer.again import plan_of
from cli.infer.choice import Choice
from cli.infer.column import Column
from cli.infer.columns import chosen
from cli.infer.draft import DraftDataset
from cli.infer.facts import facts_of
from shared.records.strict_json import Number
from shared.values import Plan

EPOCH = dt.datetime(1970, 1, 1)
CSV = DraftDataset("d", 0, 1, [], {"formats": ["csv"]})
DE = ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."]
FR = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]


def drafted(name: str, *values: Any) -> Choice:
    column = Column()
    for value in values:
        column.add(value)
    column.settle()
    return chosen(name, column, None, len(values))


def plan(choice: Choice) -> Plan:
    found = plan_of(choice, CSV)
    assert found is not None
    return found


SPELLED: dict[str, Any] = {
    "dd.MM.yyyy HH:mm": lambda t: f"{t:%d.%m.%Y %H:%M}",
    "d/M/yyyy H:mm:ss": lambda t: f"{t.day}/{t.month}/{t.year} {t.hour}:{t:%M:%S}",
    "MM/dd/yyyy hh:mm a": lambda t: (
        f"{t:%m/%d/%Y} {t.hour % 12 or 12:02}:{t:%M} {'AM' if t.hour < 12 else 'PM'}"
    ),
    "iso": lambda t: t.isoformat(),
    "iso with a blank": lambda t: f"{t:%Y-%m-%d %H:%M:%S}.250",
    "yyyy/MM/dd HH:mm:ss": lambda t: f"{t:%Y/%m/%d %H:%M:%S}",
    "dd-MMM-yyyy HH:mm": lambda t: f"{t:%d-%b-%Y %H:%M}",
    "German": lambda t: f"{t.day}. {DE[t.month - 1]} {t.year} {t:%H:%M}",
    "French": lambda t: f"{t.day} {FR[t.month - 1]} {t.year} {t:%H:%M}",
    "MMM d, yyyy": lambda t: f"{t:%b} {t.day}, {t.year} {t:%H:%M}",
    "dd/MMM/yyyy:HH:mm:ss XX": lambda t: f"{t:%d/%b/%Y:%H:%M:%S} +0000",
    "EEE, d MMM yyyy": lambda t: f"{t:%a}, {t.day} {t:%b} {t.year} {t:%H:%M:%S} +0000",
    "epoch_s": lambda t: str(int((t - EPOCH).total_seconds())),
    "epoch_ms": lambda t: str(int((t - EPOCH).total_seconds() * 1000)),
    "epoch_us": lambda t: str(int((t - EPOCH).total_seconds() * 1_000_000)),
    "offset": lambda t: f"{t + dt.timedelta(hours=2):%Y-%m-%dT%H:%M:%S}+02:00",
}
TIMES = st.lists(
    st.datetimes(dt.datetime(2001, 1, 2), dt.datetime(2090, 1, 1)).map(lambda t: t.replace(microsecond=0)),
    min_size=1,
    max_size=12,
)


@given(TIMES, st.sampled_from(sorted(SPELLED)))
def test_times_are_read_as_they_were_meant_or_asked_about(times: list[dt.datetime], spelling: str) -> None:
    texts = [SPELLED[spelling](t) for t in times]
    found = drafted("created at", *texts)
    assert found.type == "timestamp"
    if found.questions:
        (question,) = found.questions
        assert question.about in ("formats", "locale")
        assert spelling in ("German", "French") or all(t.day <= 12 for t in times)
        return
    for text, time in zip(texts, times, strict=True):
        value = plan(found).value(text)
        assert isinstance(value, int)
        read = EPOCH + dt.timedelta(microseconds=value)
        kept = {"second": 0} if ":%S" not in text and read.second == 0 else {}
        assert read.replace(microsecond=0) == time.replace(**kept)


def german(number: Decimal) -> str:
    return f"{number:,}".translate(str.maketrans(",.", ".,"))


WRITTEN: dict[str, Any] = {
    "plain": str,
    "American": lambda n: f"{n:,}",
    "German": german,
    "German without groups": lambda n: str(n).replace(".", ","),
    "Swiss": lambda n: f"{n:,}".replace(",", "'"),
    "French": lambda n: f"{n:,}".replace(",", "\u202f").replace(".", ","),
    "dollars": lambda n: f"${n:,}" if n >= 0 else f"(${-n:,})",
    "euros": lambda n: f"{german(n)} €",
    "behind": lambda n: str(n) if n >= 0 else f"{-n}-",
}
NUMBERS = st.integers(0, 4).flatmap(
    lambda scale: st.lists(
        st.integers(-(10**9), 10**9).map(lambda n: Decimal(n).scaleb(-scale)), min_size=1, max_size=10
    )
)


@given(NUMBERS, st.sampled_from(sorted(WRITTEN)))
def test_numbers_are_read_as_they_were_meant_or_asked_about(numbers: list[Decimal], written: str) -> None:
    texts = [WRITTEN[written](n) for n in numbers]
    found = drafted("amount", *texts)
    if found.questions:
        (question,) = found.questions
        assert question.about == "decimalMark"
        return
    assert [plan(found).value(t) for t in texts] == numbers


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("ann@example.org", "an e-mail address"),
        ("DE89 3704 0044 0532 0130 00", "a bank account"),
        ("DE88370400440532013000", ""),  # its check digits are wrong
        ("4111 1111 1111 1111", "a payment card"),
        ("4111 1111 1111 1112", ""),
        ("5500000000000004", "a payment card"),
        ("+49 30 1234567", "a phone number"),
        ("(212) 555-0100", "a phone number"),
        ("123-45-6789", "a number of a person at an authority"),
        ("666-45-6789", ""),
        ("192.0.2.17", "an address of a computer"),
        ("2001:db8::1", "an address of a computer"),
        ("550e8400-e29b-41d4-a716-446655440000", "uuid"),
        ("12.50", ""),
        ("hello world", ""),
    ],
)
def test_patterns_of_personal_values_have_their_check_digits(value: str, kind: str) -> None:
    assert facts_of(value).private == kind


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("Vorname", "a name of a person"),
        ("customer_last_name", "a name of a person"),
        ("Straße", "an address"),
        ("GeburtsDatum", "a date of birth"),
        ("téléphone", "a phone number"),
        ("user_password", "a secret"),
        ("product_name", ""),
        ("file", ""),
    ],
)
def test_headers_in_several_languages_promise_personal_values(header: str, why: str) -> None:
    found = drafted(header, "x", "y").private
    assert found == (f"by its name: {why}" if why else "")


def test_a_unit_of_epochs_is_asked_about_where_files_mix_them() -> None:
    found = drafted("created", "1767300000", "1767300000123", "1767300001")
    assert [q.about for q in found.questions] == ["formats"]
    assert found.questions[0].text.startswith("1 value as epoch_ms, 2 values as epoch_s, by their size")
    assert found.properties["formats"] == ["DECIDE"]


@pytest.mark.parametrize(("early", "epoch"), [("111111101", "946684801"), ("111111100001", "946684800001")])
def test_facts_do_not_depend_on_the_order_of_rows(early: str, epoch: str) -> None:
    spellings = [early, epoch] if early < epoch else [epoch, early]
    for order in (spellings, spellings[::-1]):
        facts._ALIKE.clear()
        facts._of_text.cache_clear()
        found = {text: facts_of(text).epoch for text in order}
        assert (found[early] == "", found[epoch] != "") == (True, True)


@pytest.mark.parametrize("header", ["event_id", "data_size", "Belegnummer"])
def test_numbers_that_could_be_epochs_are_none_under_another_name(header: str) -> None:
    assert drafted(header, Number("1767300000"), Number("1767300001")).type == "bigint"


def test_numbers_of_json_with_a_fraction_are_doubles_unless_they_are_amounts() -> None:
    assert drafted("lat", Number("52.5"), Number("13.1234567890123")).type == "double"
    assert drafted("total_amount", Number("52.5"), Number("7")).type == "decimal(18,2)"


def test_numbers_of_json_with_more_digits_than_a_double_keeps_are_decimals() -> None:
    assert drafted("rate", Number("52.5"), Number("12345678901234.56")).type == "decimal(18,2)"
    assert drafted("lat", Number("52.5"), Number("13.123456789012345")).type == "decimal(38,15)"


@pytest.mark.parametrize(
    ("arrow", "type_", "asked"),
    [
        ({"int64", "double"}, "double", True),
        ({"uint64", "double"}, "double", True),
        ({"int32", "double"}, "double", False),
        ({"int64", "uint64"}, "decimal(38,0)", False),
        ({"decimal128(38, 0)", "decimal128(38, 18)"}, "decimal(38,18)", True),
        ({"decimal128(18, 2)", "decimal128(20, 4)"}, "decimal(20,4)", False),
    ],
)
def test_types_of_parquet_that_no_type_keeps_are_asked_about(
    arrow: set[str], type_: str, asked: bool
) -> None:
    column = Column(arrow=arrow)
    column.add(Number("12"))
    found = chosen("size", column, None, 1)
    assert (found.type, [q.about for q in found.questions]) == (type_, ["physicalType"] if asked else [])


def test_digits_beyond_every_type_stay_text() -> None:
    assert drafted("size", "1" * 50).type == "string"
    assert drafted("size", "1" * 17 + ".5").type == "decimal(19,2)"


def test_a_word_for_nothing_is_one_only_among_values_of_another_type() -> None:
    assert drafted("amount", "1.50", "n/a", "2.50").nulls == {"n/a": 1}
    text = drafted("country", "de", "na", "fr")
    assert text.nulls == {}
    assert any("'na' (1)" in offer for offer in text.offers)


def test_distinct_hashes_are_counted_exactly_whether_they_fit_in_memory_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for held in (1 << 16, 7):
        monkeypatch.setattr(keys, "HELD", held)
        counter = keys.Distinct(tmp_path, f"k{held}")
        for number in range(1000):
            counter.add(hash(f"v{number % 311}"))
        assert (counter.result(), counter.total) == (311, 1000)
    assert list(tmp_path.iterdir()) == []
