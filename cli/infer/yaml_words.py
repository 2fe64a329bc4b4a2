"""Values and remarks as YAML, in the style of the shipped contracts."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator

from cli.infer.choice import Question

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./()+-]*(?: [A-Za-z0-9_./()+-]+)*")
WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
WIDTH = 110


def flow(value: object) -> str:
    """A value of YAML on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{scalar(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(str(value))


def scalar(text: str) -> str:
    """Plain where YAML takes it for the text that it is, else quoted."""
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def asked_lines(question: Question, indent: str) -> Iterator[str]:
    """A question stands above what it is about, and makes lint fail until its mark is gone."""
    text = f"DECIDE: {question.about}: {question.text}"
    if question.answers:
        text += f" [{' | '.join(question.answers)}]"
    yield from _wrapped(text, indent)


def comments(notes: Iterable[str], indent: str) -> Iterator[str]:
    for note in notes:
        yield from _wrapped(note, indent)


def _wrapped(text: str, indent: str) -> Iterator[str]:
    """As a comment; lines that go on are indented, so that one remark is seen as one."""
    width = WIDTH - len(indent) - 2
    lines = textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    yield from (f"{indent}# {line}" for line in lines)
