"""The documentation as a reader walks it: every link leads somewhere, no page is endless, every decision is
listed.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from shared.contracts.odcs import parsed

ROOT = Path(__file__).parents[2]
LONGEST_PAGE = 500
OWN_DOTS = {".github", ".devcontainer"}  # other folders with a dot hold what tools made
ELSEWHERE = {"cdk.out", "node_modules"}
FENCE = re.compile(r"^\s*```.*?^\s*```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def found(folder: Path) -> Iterator[Path]:
    """The pages of the repository, without those of what is installed."""
    for here, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if f not in ELSEWHERE and (f in OWN_DOTS or not f.startswith("."))]
        yield from (Path(here) / name for name in names if name.endswith(".md"))


PAGES = sorted(found(ROOT))


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return FENCE.sub("", page.read_text("utf-8"))


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")


@cache
def anchors(page: Path) -> frozenset[str]:
    seen: Counter[str] = Counter()
    names = set()
    for heading in HEADING.findall(prose(page)):
        name = slug(heading)
        names.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return frozenset(names)


def broken(page: Path) -> list[str]:
    """The relative links of a page that lead to no file, or to no heading of one."""
    wrong = []
    for link in LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            wrong.append(f"{link}: there is no such file")
        elif anchor and anchor not in anchors(target):
            wrong.append(f"{link}: there is no such heading")
    return wrong


def test_pages_are_found():
    assert {ROOT / "README.md", ROOT / "docs" / "index.md"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path):
    assert broken(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_page_is_longer_than_a_reader_is_patient(page: Path):
    assert len(page.read_text("utf-8").splitlines()) <= LONGEST_PAGE


def test_a_link_without_file_or_heading_is_seen(tmp_path: Path):
    (tmp_path / "other.md").write_text("# One\n\n## A `b_c` (d)\n\n## One\n", "utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md) [b](other.md#a-b_c-d) [c](other.md#one-1) [`d`](#here) [e](https://example.org/x.md)\n"
        "[f](gone.md) [g](other.md#gone) [h](#gone) `[i](code.md)`\n\n```\n[j](code.md)\n# gone\n```\n\n## Here\n",
        "utf-8",
    )
    assert broken(page) == [
        "gone.md: there is no such file",
        "other.md#gone: there is no such heading",
        "#gone: there is no such heading",
    ]


def test_every_decision_is_in_the_list_and_its_number_is_its_own():
    folder = ROOT / "docs" / "decisions"
    pages = sorted(p.name for p in folder.glob("[0-9]*.md"))
    listed = re.findall(
        r"^\| (\d+) \| \[[^\]]+\]\(([^)]+)\)", (folder / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert [name for _, name in listed] == pages
    assert [int(number) for number, _ in listed] == [int(name[:4]) for name in pages]
    assert len({name[:4] for name in pages}) == len(pages)
    titles = [(folder / name).read_text("utf-8").split(".", 1)[0] for name in pages]
    assert titles == [f"# {number}" for number, _ in listed]


def test_every_page_of_the_docs_is_reached_from_the_index():
    reached, waiting = set(), [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        names = (
            link.partition("#")[0] for link in LINK.findall(prose(page)) if not re.match(r"[a-z]+:", link)
        )
        waiting += [(page.parent / name).resolve() for name in names if name]
    assert sorted(p for p in PAGES if ROOT / "docs" in p.parents and p not in reached) == []


def test_the_contract_of_the_tutorial_is_one():
    text = (ROOT / "docs" / "tutorial" / "own-domain.md").read_text("utf-8")
    shown = re.search(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert [t.name for t in parsed(yaml.safe_load(shown[1]), "own-domain.md").tables] == [
        "readings",
        "daily_energy",
    ]
