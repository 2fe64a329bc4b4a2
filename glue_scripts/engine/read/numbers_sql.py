"""Texts of a number in Spark SQL; the twin of shared/values/numbers.py, by whose expressions it reads."""

from __future__ import annotations

from glue_scripts.engine.read.literals import literal, once, whole
from shared.values.numbers import DECIMAL, DOUBLE, INTEGER, POWER, Numbers, decimal_regex

WIDEST = "decimal(38,18)"


def cast(value: str, spelled: Numbers, kind: str) -> str:
    """A text as a number of a type; null where it is of another spelling or a digit would be lost."""
    plain = as_plain(value, spelled)
    if kind == "double":
        return _double(value) if spelled.default else once(plain, "p", _double("p"))
    general = once(plain, "p", _whole_number("p", kind) if kind in ("int", "bigint") else _decimal("p", kind))
    if kind in ("int", "bigint") and spelled.default:
        # Spark's own cast comes first: it reads digits alone, and most are such
        return f"coalesce(try_cast({value} AS {kind}), {general})"
    if spelled.decimal_mark == "." or spelled.plain:
        # most are plain, whatever else is declared
        digits = r"[+-]?\d+" if kind in ("int", "bigint") else decimal_regex(kind)
        return f"CASE WHEN {value} RLIKE {whole(digits)} THEN try_cast({value} AS {kind}) ELSE {general} END"
    return general


def scale_of(kind: str) -> int:
    """Digits behind the point. Raises ValueError for a type that is no decimal."""
    found = DECIMAL.fullmatch(kind)
    if found is None:
        raise ValueError(f"no number is a {kind}")
    return int(found[2])


def as_plain(value: str, spelled: Numbers) -> str:
    """A number in the declared spelling as Spark spells it; null for a text in another spelling."""
    if spelled.default:
        return value
    other = literal(rf"[^0-9\{spelled.decimal_mark}]")
    digits = f"regexp_replace({value}, {other}, '')"
    if spelled.decimal_mark != ".":
        digits = f"replace({digits}, {literal(spelled.decimal_mark)}, '.')"
    sign = f"CASE WHEN {value} RLIKE '[-(]' THEN '-' ELSE '' END"
    power = f"CASE WHEN {value} LIKE '%\\\\%%' THEN 'E-2' ELSE '' END"
    styled = f"CASE WHEN {value} RLIKE {whole(spelled.regex)} THEN concat({sign}, {digits}, {power}) END"
    if not spelled.plain:
        return styled
    return f"CASE WHEN {value} RLIKE {whole(DOUBLE)} THEN {value} ELSE {styled} END"


def _whole_number(plain: str, kind: str) -> str:
    return _exact(plain, (INTEGER, POWER), kind, 0)


def _decimal(plain: str, kind: str) -> str:
    """Digits that the type has room for are cast as they are: the widest type has room for fewer before the
    point.
    """
    usual = f"{plain} RLIKE {whole(decimal_regex(kind))}"
    power = _exact(plain, (POWER,), kind, scale_of(kind))
    return f"CASE WHEN {usual} THEN try_cast({plain} AS {kind}) ELSE {power} END"


def _exact(plain: str, shapes: tuple[str, ...], kind: str, scale: int) -> str:
    """By way of the widest decimal, in which texts of these shapes are what they say."""
    guard = " OR ".join(f"{plain} RLIKE {whole(s)}" for s in shapes)
    exact = f"try_cast({plain} AS {WIDEST})"
    return f"CASE WHEN ({guard}) AND {exact} = round({exact}, {scale}) THEN try_cast({exact} AS {kind}) END"


def _double(plain: str) -> str:
    """The nearest double; none is infinite, and none is zero that says another number."""
    number = f"try_cast({plain} AS double)"
    kept = f"abs({number}) < double('Infinity') AND ({number} <> 0 OR {plain} NOT RLIKE '^[^eE]*[1-9]')"
    return f"CASE WHEN {plain} RLIKE {whole(DOUBLE)} AND {kept} THEN {number} END"
