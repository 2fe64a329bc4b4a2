"""The SQL of a gold table as text: which tables and parameters it names.

Words, strings and comments are told apart as Spark's lexer does it, so that a name in a string or a comment
is left alone. What cannot be told apart is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from glue_scripts.engine.read.literals import literal, quoted

ZONES = ("silver", "gold")
PARAMETER = "parameter"
_TOKEN = re.compile(
    r"""(?P<blank>\s+|--(?:\\\n|[^\r\n])*)
    |(?P<comment>/\*(?!\+))
    |(?P<string>[rR]'[^']*'|[rR]"[^"]*"|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<name>`(?:[^`]|``)+`|\w+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_EDGE = re.compile(r"/\*(?!\+)|\*/")
UNCLOSED = {"'": "a string", '"': "a string", "`": "a name"}


class SqlTextError(ValueError):
    """The text names what is not there, or cannot be told apart. `line`: where in the file, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int

    @property
    def name(self) -> str | None:
        """The name that it is, without quotes; None for anything else."""
        if self.kind != "name":
            return None
        return self.text[1:-1].replace("``", "`") if self.text.startswith("`") else self.text


def named_tables(text: str) -> tuple[str, ...]:
    """`silver.events`, `gold.dim_users`: each table once, in the order of the text. Raises SqlTextError."""
    tokens = list(_tokens(text))
    return tuple(dict.fromkeys(name for _, name in _tables(tokens, _words(tokens))))


def statement(text: str, tables: Collection[str], parameters: Mapping[str, Sequence[str]]) -> str:
    """The query with each table under one quoted name, such as `silver.events`, and each
    `parameter('name')` as the array of its texts. Lines stay what they were.

    It stands in parentheses, where Spark accepts nothing but a query. Raises SqlTextError.
    """
    tokens = list(_tokens(text))
    words = _words(tokens)
    said = [t.text for t in tokens]
    for at, name in _tables(tokens, words):
        if name not in tables:
            known = ", ".join(sorted(tables))
            raise SqlTextError(tokens[words[at]].line, f"{name} is not a table of the contract ({known})")
        _put(said, words[at : at + 3], quoted(name))
    for at, name in _parameters(tokens, words):
        if name not in parameters:
            known = ", ".join(sorted(parameters)) or "it has none"
            raise SqlTextError(
                tokens[words[at]].line, f"parameter({name!r}): the contract has no such parameter ({known})"
            )
        _put(said, words[at : at + 4], array(parameters[name]))
    while words and tokens[words[-1]].text == ";":
        said[words.pop()] = ""
    return f"SELECT * FROM ({''.join(said)}\n)"


def array(texts: Sequence[str]) -> str:
    """An array of texts as SQL; an empty one has its type, too."""
    return f"array({', '.join(map(literal, texts))})" if texts else "CAST(array() AS array<string>)"


def _put(said: list[str], places: Sequence[int], text: str) -> None:
    for place in places:
        said[place] = ""
    said[places[0]] = text


def _words(tokens: Sequence[_Token]) -> list[int]:
    """Where the tokens are that mean something: no blanks, no comments."""
    return [at for at, token in enumerate(tokens) if token.kind not in ("blank", "comment")]


def _tables(tokens: Sequence[_Token], words: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Zone, point and name, not behind another point; with the place of the zone among the words."""
    for at in range(len(words) - 2):
        zone, point, name = (tokens[w] for w in words[at : at + 3])
        behind = at > 0 and tokens[words[at - 1]].text == "."
        if zone.name in ZONES and point.text == "." and name.name and not behind:
            yield at, f"{zone.name}.{name.name}"


def _parameters(tokens: Sequence[_Token], words: Sequence[int]) -> Iterator[tuple[int, str]]:
    for at, word in enumerate(words):
        following = [tokens[w] for w in words[at + 1 : at + 4]]
        called = tokens[word].kind == "name" and tokens[word].text.lower() == PARAMETER
        if not called or not following or following[0].text != "(":
            continue
        if [t.kind for t in following] != ["other", "string", "other"] or following[2].text != ")":
            raise SqlTextError(tokens[word].line, "expected parameter('name'), one name in quotes")
        yield at, following[1].text[1:-1]


def _tokens(text: str) -> Iterator[_Token]:
    at, line = 0, 1
    while found := _TOKEN.match(text, at):
        kind, end = str(found.lastgroup), found.end()
        if kind == "comment":
            end = _end_of_comment(text, at, line)
        elif kind == "other" and found[0] in UNCLOSED:
            raise SqlTextError(line, f"{UNCLOSED[found[0]]} begins here and does not end")
        elif found[0] == "$":
            raise SqlTextError(line, "$ begins a kind of string that is not supported here; use '…'")
        yield _Token(kind, text[at:end], line)
        line += text.count("\n", at, end)
        at = end


def _end_of_comment(text: str, begin: int, line: int) -> int:
    """Comments hold comments, in Spark."""
    depth = 0
    for edge in _EDGE.finditer(text, begin):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise SqlTextError(line, "a comment begins here and does not end")
