"""The marks, styles and type of a column of numbers, decided over all its values or asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cli.infer.choice import OPEN, Choice, Question
from cli.infer.facts import Facts
from cli.infer.number_forms import NumberForm
from cli.infer.vocabulary import AMOUNT_WORDS, ID_WORDS, has_word
from cli.wording import counted
from shared.values.numbers import MOST_DIGITS

USUAL_DIGITS = 18
LEAST_SCALE = 2  # zeros at the end are often left out
MONEY_SCALE = 6  # digits behind the mark up to which a number is kept exactly, as a decimal
DOUBLE_DIGITS = 15  # that every double keeps
MARKS = ("decimalMark '.' and groupMark ','", "decimalMark ',' and groupMark '.'")
LONG_DIGITS = 18  # that every bigint keeps


def numbers(name: str, facts: Mapping[Facts, int], votes: Counter[str]) -> Choice:
    """`facts`: of values, all of which are numbers in some spelling."""
    forms: Counter[NumberForm] = Counter()
    for fact, count in facts.items():
        assert fact.number is not None
        forms[fact.number] += count
    powers = sum(n for f, n in facts.items() if f.kind == "text" and f.number and f.number.like_a_code)
    if powers and has_word(name, ID_WORDS):
        return Choice(notes=[f"{counted(powers)} with digits around an E, under a name of codes: text"])
    found = Choice("bigint")
    if 0 < powers < sum(forms.values()):
        text = f"{powers:,} of {counted(sum(forms.values()))} have an exponent such as E5: numbers, or codes?"
        found.questions.append(Question("physicalType", text, ("double", "string")))
    _say_styles(forms, found)
    mark = _mark(forms, votes, found)
    if mark is None:
        _say_type(forms, None, found)  # wide enough for either answer
        return found
    groups = sorted(
        {f.group for f in forms if f.group} | {f.either for f in forms if f.either not in ("", mark)}
    )
    if mark != "." and (groups or any(f.decimal or f.either for f in forms)):
        found.properties["decimalMark"] = mark
    if groups:
        found.properties["groupMark"] = "".join(groups)
    _say_type(forms, mark, found)
    if all(f.kind == "number" for f in facts) and not has_word(name, AMOUNT_WORDS):
        _say_double(forms, found)
    if not any(f.negative for f in forms):
        found.offers.append("no value is negative: logicalTypeOptions: {minimum: 0}")
    return found


def _say_styles(forms: Mapping[NumberForm, int], found: Choice) -> None:
    if styles := sorted({s for f in forms for s in f.styles}):
        found.properties["numberStyle"] = styles
    percent, whole = sum(n for f, n in forms.items() if "percent" in f.styles), sum(forms.values())
    if 0 < percent < whole:
        text = f"{percent:,} of {counted(whole)} have a percent sign: are the others hundredths, too?"
        answers = ("no: 4 is 4, and 4% is 0.04", "yes: have all of them sent alike")
        found.questions.append(Question("numberStyle", text, answers))
    currencies = {f.currency for f in forms if f.currency}
    if len(currencies) > 1:
        found.questions.append(
            Question(
                "numberStyle",
                f"{len(currencies)} different currencies, whose signs are not kept: is that right?",
            )
        )


def _mark(forms: Mapping[NumberForm, int], votes: Counter[str], found: Choice) -> str | None:
    """The decimal mark; None where it must be asked."""
    decimals = {m: sum(n for f, n in forms.items() if f.decimal == m) for m in (".", ",")}
    grouped = {f.group for f in forms}
    sure = [m for m, n in decimals.items() if n]
    either = {f.either for f in forms} - {""}
    unsure = sum(n for f, n in forms.items() if f.either)
    if len(sure) == 2 or (sure and sure[0] in grouped) or {".", ","} <= grouped:
        _ask(found, _contradiction(decimals, votes), MARKS)
        return None
    if sure:
        return sure[0]
    if "." in grouped:
        return ","
    if "," in grouped or not either:
        return "."
    marks = " and ".join(repr(m) for m in sorted(either))
    _ask(
        found,
        f"{marks} stands before exactly three digits in {unsure:,} of {counted(sum(forms.values()))}: a"
        " decimal mark, or between groups?",
        MARKS,
    )
    return None


def _ask(found: Choice, text: str, answers: tuple[str, ...]) -> None:
    found.questions.append(Question("decimalMark", text, answers))
    found.properties |= {"decimalMark": OPEN, "groupMark": OPEN}


def _contradiction(decimals: Mapping[str, int], votes: Counter[str]) -> str:
    said = " and ".join(f"{counted(n)} with decimal mark {m!r}" for m, n in decimals.items() if n)
    files = {m: votes[f"mark {m}"] for m in (".", ",") if votes[f"mark {m}"]}
    if len(files) == 2 and not votes["mark ,+."]:
        groups = " and ".join(f"{counted(n, 'file')} with {m!r}" for m, n in files.items())
        return f"{said}: {groups}: give each group of files a dataset of its own"
    return f"{said or 'marks of both kinds'} contradict each other; ask who writes these files"


def _say_type(forms: Mapping[NumberForm, int], mark: str | None, found: Choice) -> None:
    percent = 2 if any("percent" in f.styles for f in forms) else 0
    scale = max(_scale(f, mark) for f in forms) + percent
    kept = max(scale, LEAST_SCALE)
    whole = max(f.whole + (3 if f.either not in ("", mark) else 0) for f in forms)
    if any(f.power for f in forms):
        found.type = "double"
        found.notes.append("some have an exponent, so all are kept as doubles")
    elif scale == 0:
        found.type = (
            "bigint" if whole <= LONG_DIGITS else "decimal(38,0)" if whole <= MOST_DIGITS else "string"
        )
    elif scale <= MONEY_SCALE and whole + kept <= MOST_DIGITS:
        found.type = f"decimal({max(USUAL_DIGITS, whole + kept)},{kept})"
    elif whole + scale <= DOUBLE_DIGITS:
        found.type = "double"
        found.notes.append(f"up to {whole + scale} digits, which a double keeps")
    elif whole + scale <= MOST_DIGITS:
        found.type = f"decimal({MOST_DIGITS},{scale})"
    else:
        found.type = "string"
        found.notes.append("more digits than any type of numbers keeps")


def _say_double(forms: Mapping[NumberForm, int], found: Choice) -> None:
    """Numbers of JSON and of cells are doubles to who writes them, where a double keeps all their digits."""
    digits = max(f.whole + f.scale for f in forms)
    if found.type.startswith("decimal(") and any(f.scale for f in forms) and digits <= DOUBLE_DIGITS:
        found.type = "double"
        found.notes.append("numbers of JSON or cells with a fraction, and no amount by its name")


def _scale(form: NumberForm, mark: str | None) -> int:
    return form.scale if mark is None or mark in (form.decimal, form.either) else 0
