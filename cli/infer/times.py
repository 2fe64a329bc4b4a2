"""The formats of a column of times, decided over all its values or asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cli.infer.choice import OPEN, Choice, Question
from cli.infer.facts import Facts
from cli.infer.time_forms import ORDERS, TimeForm, pattern
from cli.infer.vocabulary import BIRTH_WORDS, ID_WORDS, TIME_WORDS, has_word
from cli.wording import counted

WORDS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
EPOCHS = ("epoch_s", "epoch_ms", "epoch_us", "epoch_ns")


def promises_time(name: str) -> bool:
    """Whether numbers under a header are times, if they can be: not `event_id`, nor `data_size`."""
    return has_word(name, TIME_WORDS) and not has_word(name, ID_WORDS)


def times(name: str, facts: Mapping[Facts, int], votes: Counter[str]) -> Choice:
    """`facts`: of values, all of which are times or, under a name that promises one, epochs."""
    forms: Counter[TimeForm] = Counter()
    units: Counter[str] = Counter()
    for fact, count in facts.items():
        if fact.time is not None:
            forms[fact.time] += count
        else:
            units[fact.epoch] += count
    timed = bool(units) or any(f.timed for f in forms)
    found = Choice("timestamp" if timed else "date")
    if short := sum(n for f, n in forms.items() if f.skeleton and not f.long_year):
        _say_century(name, short, found)
    formats = ["iso"] if any(not f.skeleton for f in forms) else []
    formats += _epochs(units, found)
    formats += _patterns(forms, votes, found)
    if any(q.about == "formats" for q in found.questions):
        found.properties["formats"] = [*formats, OPEN]
    elif formats != ["iso"]:
        _say_formats(found, formats)
    if found.type == "timestamp":
        _say_zone(forms, found)
    if timed and forms and all(f.midnight or not f.timed for f in forms) and not units:
        found.offers.append("every time is midnight: if it never says a time of day, its type is date")
    return found


def _say_century(name: str, count: int, found: Choice) -> None:
    text = f"{counted(count)} with two digits for the year, which are 2000 to 2099"
    if has_word(name, BIRTH_WORDS):
        found.questions.append(Question("year", f"{text}: have years of birth sent with four digits"))
    else:
        found.notes.append(text)


def _epochs(units: Mapping[str, int], found: Choice) -> list[str]:
    """The unit, where there is one; a source that mixes them must be known to do so."""
    if len(units) < 2:
        return list(units)
    said = ", ".join(f"{counted(n)} as {u}" for u, n in sorted(units.items()))
    text = f"{said}, by their size: does the source mix units?"
    found.questions.append(Question("formats", text, ("epoch_by_size",)))
    return []


def _say_formats(found: Choice, formats: list[str]) -> None:
    if len(formats) == 1:
        found.options["format"] = formats[0]
    else:
        found.properties["formats"] = formats


def _say_zone(forms: Mapping[TimeForm, int], found: Choice) -> None:
    found.local = sum(n for f, n in forms.items() if not f.offset)
    whole = sum(forms.values())
    if whole and not found.local and any(not f.skeleton for f in forms):
        found.options["defaultTimezone"] = "UTC"
        found.notes.append(
            f"all {counted(whole)} have an offset; only one without would be of defaultTimezone"
        )


def _patterns(forms: Mapping[TimeForm, int], votes: Counter[str], found: Choice) -> list[str]:
    """The patterns of all forms but ISO 8601. Each mark between day and month has an order of its own."""
    groups: dict[str, dict[TimeForm, int]] = {}
    for form, count in forms.items():
        if form.skeleton:
            groups.setdefault(_mark(form), {})[form] = count
    found.properties.update(_locale(forms, found))
    formats: list[str] = []
    for mark, own in sorted(groups.items()):
        formats += _ordered(own, votes, found, f"with {mark!r} " if len(groups) > 1 and mark else "")
    return formats


def _mark(form: TimeForm) -> str:
    return "" if form.languages else form.skeleton[3]


def _ordered(own: Mapping[TimeForm, int], votes: Counter[str], found: Choice, where: str) -> list[str]:
    possible = sorted(set(ORDERS).intersection(*(f.orders for f in own)))
    total = sum(own.values())
    if len(possible) == 1:
        only = sum(n for f, n in own.items() if f.orders == (possible[0],))
        if any(len(f.orders) > 1 for f in own):
            found.notes.append(
                f"{where}{WORDS[possible[0]]}: {only:,} of {counted(total)} fit no other order"
            )
        return _spelled(own, possible[0])
    answers = tuple(", ".join(_spelled(own, order)) for order in (possible or ["dmy", "mdy"]))
    if possible:
        text = f"{where}{' or '.join(WORDS[o] for o in possible)}? all {counted(total)} fit each of them"
    else:
        text = f"{where}{_contradiction(own, votes)}"
    found.questions.append(Question("formats", text, answers))
    return []


def _contradiction(own: Mapping[TimeForm, int], votes: Counter[str]) -> str:
    alone = Counter[str]()
    for form, count in own.items():
        if len(form.orders) == 1:
            alone[form.orders[0]] += count
    said = ", ".join(f"{counted(n)} only {WORDS[o]}" for o, n in sorted(alone.items()))
    files = {o: votes[o] for o in sorted(ORDERS) if votes[o]}
    if not any("+" in v for v in votes if not v.startswith("mark")) and len(files) > 1:
        groups = ", ".join(f"{counted(n, 'file')} {WORDS[o]}" for o, n in files.items())
        return f"{said}: {groups}; no format reads both: give each group of files a dataset of its own"
    return f"{said}, in one file: no format reads both; ask who writes these files"


def _locale(own: Mapping[TimeForm, int], found: Choice) -> dict[str, str]:
    """The language of names, where all fit one."""
    named = [f for f in own if f.languages]
    if not named:
        return {}
    each = (frozenset(n.partition(" ")[0] for n in f.languages) for f in named)
    fitting = sorted(frozenset.intersection(*each))
    if "en" in fitting:
        return {}
    if len(fitting) == 1:
        return {"locale": fitting[0]}
    what = "names of months fit the languages" if fitting else "names of months are of several languages"
    found.questions.append(Question("locale", f"{what} {', '.join(fitting)}".strip(), tuple(fitting)))
    return {"locale": OPEN}


def _spelled(own: Mapping[TimeForm, int], order: str) -> list[str]:
    """The patterns in one order; fields that have one digit somewhere may have one anywhere."""
    groups: dict[tuple[str, bool, str], set[str]] = {}
    named = [f for f in own if f.languages]
    common = frozenset.intersection(*(f.languages for f in named)) if named else frozenset()
    for form in own:
        letters = _letters(common or form.languages)
        groups.setdefault((form.skeleton, form.long_year, letters), set()).update(form.short)
    return sorted({pattern(s, order, frozenset(short), year, m) for (s, year, m), short in groups.items()})


def _letters(languages: frozenset[str]) -> str:
    """`MMM` or `MMMM`, in English where that fits."""
    best = min(languages, key=lambda n: (not n.startswith("en "), len(n), n), default="")
    return best.partition(" ")[2]
