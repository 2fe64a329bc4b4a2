"""Spark SQL as text: quoting, and the casts of text to a contract's types.

Every function takes and returns SQL expressions. A cast gives null when the text is not of the type; the
caller can distinguish that from an empty value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.spellings import Spelling

BLANKS = " \\t\\r\\n\\u00a0"
# Blanks of any width, byte-order mark, soft hyphen, zero-width characters and marks of direction (Unicode
# categories Zs, Zl, Zp and the Cf that text editors put at ends).
INVISIBLE = BLANKS + "".join(
    f"\\u{code:04x}"
    for code in (
        *(0x00AD, 0x061C, 0x1680, 0x180E, 0x202F, 0x205F, 0x3000, 0xFEFF),
        *range(0x2000, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
    )
)
CURRENCIES = "$€£¥₫₹"
WIDEST = "decimal(38,18)"
THOUSANDS = r"^[+-]?\\d{1,3}(,\\d{3})+(\\.\\d+)?$"
ISO = r"^\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}(:\\d{2}([.,]\\d{1,9})?)? ?(Z|z|[+-]\\d{2}(:?\\d{2})?)?)?$"
SHORT_OFFSET = r"([+-]\\d{2})(\\d{2})$"


def quoted(name: str) -> str:
    """A column name as SQL, whatever characters it has."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def cleaned(value: str, null_spellings: tuple[str, ...], blanks: str = BLANKS) -> str:
    """The text without surrounding blanks; null for any spelling of null, in any case."""
    trimmed = f"trim(BOTH '{blanks}' FROM {value})"
    if null_spellings == ("",):
        return f"nullif({trimmed}, '')"
    spellings = ", ".join(literal(s) for s in null_spellings)
    longest = max(map(len, null_spellings))
    return (
        f"CASE WHEN length({trimmed}) <= {longest} AND lower({trimmed}) IN ({spellings}) THEN NULL ELSE"
        f" {trimmed} END"
    )


def typed(value: str, kind: str, case: str | None = None) -> str:
    """Cleaned text as a value of a Spark type.

    Raises ValueError for a type that no column of a contract can have.
    """
    if kind == "string":
        return f"{case}({value})" if case else value
    if kind in ("int", "bigint"):
        return _integer(value, kind)
    if kind == "double":
        number = f"try_cast({_plain_number(value)} AS double)"
        return (
            f"CASE WHEN {value} RLIKE '^[+-]?(\\\\d|\\\\.\\\\d)' AND abs({number}) < double('Infinity') THEN"
            f" {number} END"
        )
    if kind == "date":
        return f"CAST({timestamp(value)} AS date)"
    if kind == "timestamp":
        return timestamp(value)
    if kind == "boolean":
        yes, no = ("('true','t','yes','y','1')", "('false','f','no','n','0')")
        return f"CASE WHEN lower({value}) IN {yes} THEN true WHEN lower({value}) IN {no} THEN false END"
    if match := re.fullmatch(r"decimal\((\d+),(\d+)\)", kind):
        return _decimal(value, kind, int(match[2]))
    if match := re.fullmatch(r"array<(.+)>", kind):
        return _array(value, match[1], case)
    raise ValueError(f"no cast to {kind}")


def _array(value: str, kind: str, case: str | None) -> str:
    """The list in a text of JSON, each element as text cast by itself; null when one of them is not of the
    type. A blank element is a null one.
    """
    texts = f"transform(from_json({value}, 'array<string>'), e -> {cleaned('e', ('',))})"
    cast = typed("e", kind, case)
    return (
        f"CASE WHEN startswith({value}, '[') AND forall({texts}, e -> e IS NULL OR ({cast}) IS NOT NULL) THEN"
        f" transform({texts}, e -> {cast}) END"
    )


def _plain_number(value: str) -> str:
    """A number without currency signs and thousands separators; the separators must stand where separators
    stand.
    """
    bare = f"trim(translate({value}, '{CURRENCIES}', ''))"
    return f"CASE WHEN {bare} RLIKE '{THOUSANDS}' THEN replace({bare}, ',', '') ELSE {bare} END"


def _exact(value: str) -> str:
    """The number in a text without any loss; plain text is tried first because it is the common case."""
    return f"coalesce(try_cast({value} AS {WIDEST}), try_cast({_plain_number(value)} AS {WIDEST}))"


def _decimal(value: str, kind: str, scale: int) -> str:
    """A decimal, or null when digits would be lost: 12.345 is no decimal(18,2)."""
    exact = _exact(value)
    return f"CASE WHEN {exact} = round({exact}, {scale}) THEN try_cast({exact} AS {kind}) END"


def _integer(value: str, kind: str) -> str:
    """An integer; 30.0 is one, 30.5 is none."""
    return f"coalesce(try_cast({value} AS {kind}), {_decimal(value, kind, 0)})"


def timestamp(value: str) -> str:
    """UTC instant of any spelling that the domains use, chosen by shape so that a row pays for one parser
    only.

    ISO 8601 and its blank-separated form with or without zone, `yyyy-MM-dd`, `dd/MM/yyyy`, `MM-dd-yyyy
    HH:mm`, and epochs: below 1e11 seconds, below 1e14 milliseconds, else microseconds.
    """
    iso = f"CASE WHEN {value} RLIKE '{ISO}' THEN try_cast({_iso_for_spark(value)} AS timestamp) END"
    number, micros = f"try_cast({value} AS decimal(38,9))", 1000000
    epoch = (
        f"CASE WHEN abs({number}) < 100000000000 THEN timestamp_micros(CAST({number} * {micros} AS bigint)) "
        f"WHEN abs({number}) < 100000000000000 THEN timestamp_micros(CAST({number} * 1000 AS bigint)) "
        f"WHEN abs({number}) < 100000000000000000 THEN timestamp_micros(CAST({number} AS bigint)) END"
    )
    return (
        f"CASE WHEN substr({value}, 5, 1) = '-' AND length({value}) >= 10 THEN {iso} "
        f"WHEN {value} RLIKE '^-?\\\\d{{6,17}}(\\\\.\\\\d{{1,9}})?$' THEN {epoch} "
        f"WHEN substr({value}, 3, 1) = '/' THEN try_to_timestamp({value}, 'dd/MM/yyyy') "
        f"WHEN substr({value}, 3, 1) = '-' THEN try_to_timestamp({value}, 'MM-dd-yyyy HH:mm') END"
    )


def respelled(value: str, times: Sequence[Spelling], day: str) -> str:
    """A time in one of the domain's own spellings as one that `timestamp` reads.

    `day` is SQL for the day that a bare clock time is of.
    """
    for spelling in times:
        value = spelling.sql(value, day)
    return value


def _iso_for_spark(value: str) -> str:
    """Spark reads `+05:30` but not `+0530`, `,` as fraction sign or a lower-case z."""
    return (
        f"CASE WHEN {value} RLIKE '[+-]\\\\d{{4}}$' AND length({value}) > 10 THEN regexp_replace({value},"
        f" '{SHORT_OFFSET}', '$1:$2') WHEN {value} RLIKE '[,z]' THEN upper(replace({value}, ',', '.')) ELSE"
        f" {value} END"
    )
