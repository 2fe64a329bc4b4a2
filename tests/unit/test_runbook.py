"""The runbook as somebody follows it at night: whole entries, commands that exist, trials that exist."""

from __future__ import annotations

import argparse
import importlib
import re
from pathlib import Path

import pytest

from cli.main import VERBS
from cli.stuck import MEANING, RUNBOOK
from shared.names import DEAD_LETTERS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / RUNBOOK).read_text("utf-8")
ENTRIES = {
    heading: text
    for heading, text in re.findall(r"^### (.+)\n((?:(?!^##).*\n)+)", TEXT, re.MULTILINE)
    if not text.startswith("As [")
}
PLACES = {"DOMAIN": "shop", "NAME": "dev"}
COMMANDS = sorted(set(re.findall(r"\./lake ([a-z-]+)((?: (?:--[a-z]+|DOMAIN|NAME))*)", TEXT)))


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_says_what_it_means_where_to_look_what_to_do_and_how_it_was_tried(entry: str) -> None:
    assert re.findall(r"^- \*\*(\w+)\*\*", ENTRIES[entry], re.MULTILINE) == ["Means", "Look", "Do", "Tried"]
    tried = ENTRIES[entry].partition("- **Tried** ")[2]
    assert tried.startswith("not") or "`test_" in tried


def test_entries_are_found() -> None:
    assert len(ENTRIES) == 14
    assert len(COMMANDS) > 8


@pytest.mark.parametrize(("verb", "words"), COMMANDS, ids=[f"{v}{w}" for v, w in COMMANDS])
def test_every_command_is_one(verb: str, words: str) -> None:
    assert verb in VERBS
    if words:
        parser = argparse.ArgumentParser()
        importlib.import_module(f"cli.verbs.{VERBS[verb][0]}").configure(parser)
        parser.parse_args([PLACES.get(word, word) for word in words.split()])


def test_every_trial_is_a_test() -> None:
    tests = "".join(p.read_text("utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert named
    assert {name for name in named if f"def {name}(" not in tests} == set()


def test_status_names_every_queue_of_dead_letters_and_its_entry() -> None:
    assert set(MEANING) == set(DEAD_LETTERS)
    assert {f"`{queue}-depth`" for queue in DEAD_LETTERS} <= ENTRIES.keys()
