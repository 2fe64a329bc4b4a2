"""Where a value of a person stands in bytes as a word of its own."""

from __future__ import annotations

import pytest

from cli.erasure.sought import Sought


def mentioned(value: str, content: bytes) -> bool:
    return Sought({"user_id": frozenset({value})}).is_mentioned_in(content)


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("t/42", rb'{"user_id":"t\/42"}'),
        ("t/42", b"users/t%2F42.csv"),
        ('a"b', b'e1,"a""b"'),
        ('a"b', rb'{"user_id":"a\"b"}'),
        ('a"b', rb'{"text":"{\"user_id\":\"a\\\"b\"}"}'),
        ("a&b", b"<e user_id='a&amp;b'/>"),
        ("a&b", b"<e user_id='a&#38;b'/>"),
        (r"a\/b&c", rb"<e user_id='a\/b&amp;c'/>"),
        ("u42", rb'"\nu42"'),
        ("u42", rb'"\u00754\u0032"'),
        ("\U0001f600x", rb'"\ud83d\ude00x"'),
        ("Müller", "Müller;1".encode("latin-1")),
        ("Müller", "MÜLLER;1".encode()),
        ("STRASSE", "Straße".encode()),
        ("ANN@X.EXAMPLE", b"ann@x.example"),
        ("u42", "a,u42\n".encode("utf-16-le")),
        ("u42", b"\n" + "a,u42\n".encode("utf-16-be")),
        ("u42", "u42–Ann".encode()),
        ("u42", "u42さん".encode()),
        ("+4930", b"tel+4930"),
        ("7", b"e1,7,3"),
        ("7", b'{"user_id":007.0}'),
    ],
)
def test_a_value_is_found_however_it_is_written(value: str, content: bytes) -> None:
    assert mentioned(value, content)


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("u42", b"u421,xu42,u42_1"),
        ("u42", "u421,".encode("utf-16")),
        ("u42", "u42é".encode()),
        ("12", b"2026-12-01T10:12:00Z 12.5 112"),
    ],
)
def test_a_value_is_not_found_in_another_word(value: str, content: bytes) -> None:
    assert not mentioned(value, content)


def test_a_text_tells_that_nobody_is_in_it_only_where_a_value_has_one_spelling() -> None:
    assert not Sought({"user_id": frozenset({"ann@x.example"})}).may_be_in(b'{"user_id":"bob@x.example"}')
    assert Sought({"user_id": frozenset({"ann@x.example"})}).may_be_in(b"ANN@X.example")
    assert Sought({"user_id": frozenset({"SS"})}).may_be_in("\u00df".encode())
    for value in ("t/42", 'a"b', "Müller", "1000"):
        assert Sought({"user_id": frozenset({value})}).may_be_in(b"nothing")
