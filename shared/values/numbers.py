"""Texts of a number → the number, without the loss of a digit.

A declared spelling is first written the plain way (`1.234,50 €` → `1234.50`), then read as a plain number of
the column's type. Both readers take the same regular expressions; every exponent is bounded before anything
is cast, for a cast of `1E-20000000` takes half a minute.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache, cached_property

DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
STYLES = ("currency", "parentheses", "percent", "trailing_minus")
SIGNS = (  # Unicode's currency signs (Sc), spelled out: Python's expressions have no word for them
    "$¢£¤¥֏؋߾߿৲৳৻૱௹฿៛₠₡₢₣₤₥₦₧₨₩₪₫€₭₮₯₰₱₲₳₴₵₶₷₸₹₺₻₼₽₾₿⃀꠸﷼﹩＄￠￡￥￦"
)
CODES = (  # ISO 4217
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
    "GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD "
    "KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP "
    "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND "
    "VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
BLANK = "[ \u00a0\u202f]?"
INTEGER = r"[+-]?0*\d{1,19}(?:\.0*)?"
# 20 digits before the point and 18 behind it are decimal(38,18): what these say is in it exactly
POWER = r"[+-]?(?:0*\d{1,20}(?:\.\d{0,9})?|\.\d{1,9})[eE](?:\+?\d{1,2}|-0?\d)"
DOUBLE = r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,3})?"
NOT_FINITE = ("nan", "infinity", "+infinity", "-infinity", "inf", "+inf", "-inf")
WIDEST = Context(prec=100)
WHOLE_DIGITS = 20  # of decimal(38,18)


@dataclass(frozen=True)
class Numbers:
    """How a column's numbers are spelled. `plain`: numbers come typed too, and are spelled with a point."""

    decimal_mark: str = "."
    group_marks: str = ""
    styles: frozenset[str] = frozenset()
    plain: bool = False

    @property
    def default(self) -> bool:
        """Whether only plain numbers are read."""
        return self.decimal_mark == "." and not self.group_marks and not self.styles

    @cached_property
    def regex(self) -> str:
        """Of a text in the declared spelling, the whole of it; the same in Python (ASCII) and in Java."""
        mark, digits = _class(self.decimal_mark), r"\d+"
        if self.group_marks:
            digits = rf"(?:\d{{1,3}}(?:{_class(self.group_marks)}\d{{3}})+|\d+)"
        number = rf"(?:{digits}(?:{mark}\d*)?|{mark}\d+)"
        if "percent" in self.styles:
            number = rf"{number}(?:{BLANK}%)?"
        before = after = ""
        if "currency" in self.styles:
            currency = f"(?:[{SIGNS}]|{'|'.join(CODES.split())})"
            before, after = f"(?:{currency}{BLANK})?", f"(?:{BLANK}{currency})?"
        minus = "-?" if "trailing_minus" in self.styles else ""
        signed = f"(?:[+-]?{before}{number}{after}|{before}[+-]{number}{after})"
        if minus:
            signed = f"(?:{signed}|{before}{number}-{after}|{before}{number}{after}-)"
        if "parentheses" in self.styles:
            signed = rf"(?:{signed}|{before}\({before}{number}{after}\){after})"
        return signed

    @cached_property
    def matcher(self) -> re.Pattern[str]:
        return re.compile(self.regex, re.ASCII)

    def as_plain(self, text: str) -> str | None:
        """The number as Python and Spark spell it; None for a text in another spelling."""
        if self.default or (self.plain and PLAIN.fullmatch(text)):
            return text
        if not self.matcher.fullmatch(text):
            return None
        digits = re.sub(rf"[^0-9{re.escape(self.decimal_mark)}]", "", text)
        sign = "-" if "-" in text or "(" in text else ""
        return sign + digits.replace(self.decimal_mark, ".") + ("E-2" if "%" in text else "")


PLAIN = re.compile(DOUBLE, re.ASCII)
_INTEGER, _POWER = (re.compile(p, re.ASCII) for p in (INTEGER, POWER))


def _class(characters: str) -> str:
    return "[" + "".join(f"\\{c}" if c.isascii() and not c.isalnum() else c for c in characters) + "]"


def value(plain: str, kind: str) -> int | float | Decimal | None:
    """A plain number as one of a type; None where a digit would be lost or it does not fit."""
    if kind == "double":
        return _double(plain)
    found = DECIMAL.fullmatch(kind)
    if kind not in ("int", "bigint") and found is None:
        raise ValueError(f"no number is a {kind}")
    exact = _exact(plain, kind)
    if exact is None:
        return None
    if found is None:
        bits = 31 if kind == "int" else 63
        whole = int(exact)
        return whole if whole == exact and -(2**bits) <= whole < 2**bits else None
    precision, scale = int(found[1]), int(found[2])
    rounded = exact.quantize(Decimal(1).scaleb(-scale), context=WIDEST)
    return rounded if rounded == exact and abs(exact) < 10 ** (precision - scale) else None


def _exact(plain: str, kind: str) -> Decimal | None:
    """The number itself, where it is spelled in one of the ways that no cast can lose a digit of."""
    usual = _INTEGER if kind in ("int", "bigint") else decimal_matcher(kind)
    if usual.fullmatch(plain):
        return Decimal(plain)
    number = Decimal(plain) if _POWER.fullmatch(plain) else None
    return None if number is None or abs(number) >= 10**WHOLE_DIGITS else number


@cache
def decimal_matcher(kind: str) -> re.Pattern[str]:
    return re.compile(decimal_regex(kind), re.ASCII)


def decimal_regex(kind: str) -> str:
    """Of plain numbers that are a decimal of this type, digit for digit; zeros may follow."""
    found = DECIMAL.fullmatch(kind)
    assert found is not None
    whole, scale = int(found[1]) - int(found[2]), int(found[2])
    before = rf"0*\d{{1,{whole}}}" if whole else "0+"
    behind = rf"\d{{0,{scale}}}0*"
    return (
        rf"[+-]?(?:{before}(?:\.{behind})?|\.\d{{1,{max(scale, 1)}}}0*)"
        if scale
        else rf"[+-]?{before}(?:\.0*)?"
    )


def _double(plain: str) -> float | None:
    """The nearest double; None beyond the largest, and for a number that would become zero."""
    if not PLAIN.fullmatch(plain):
        return None
    number = float(plain)
    vanished = number == 0 and re.match(r"[^eE]*[1-9]", plain) is not None
    return None if math.isinf(number) or vanished else number
