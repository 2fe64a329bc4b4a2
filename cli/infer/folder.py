"""The folder of a drafted domain, whole: contract, gold, report, README, example files."""

from __future__ import annotations

from pathlib import Path

from cli.infer.contract_text import contract_text
from cli.infer.draft import Draft
from cli.infer.example import example_files
from cli.infer.gold import counted_dataset, gold_name, report_text, statement_text
from cli.scaffold import checked_folder, in_commands, write_environments
from cli.wording import counted
from shared.contracts.load import CONTRACT
from shared.gold_statements import FOLDER, SUFFIX

MARK = "# DECIDE"


def write_folder(draft: Draft) -> Path:
    """Writes it and returns it. Raises ScaffoldError for a name that cannot be one, or is taken."""
    folder = checked_folder(draft.domain)
    for name, content in files_of(draft, in_commands(folder)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_environments()
    return folder


def files_of(draft: Draft, place: str) -> dict[str, bytes]:
    """Path below the folder → content; `place`: the folder as commands name it."""
    contract, gold = contract_text(draft), gold_name(counted_dataset(draft))
    texts = {
        CONTRACT: contract,
        f"{FOLDER}/{gold}{SUFFIX}": statement_text(draft),
        f"reports/{gold}.sql": report_text(draft),
        "README.md": _readme(draft, place, contract.count(f"{MARK}:")),
    }
    found = {name: text.encode() for name, text in texts.items()}
    return found | example_files(draft)


def questions(folder: Path) -> list[str]:
    """What the contract of a folder still asks, each with its line."""
    found: list[str] = []
    open_ = False
    for number, line in enumerate((folder / CONTRACT).read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if MARK in line:
            found.append(f"{number}: {text.removeprefix('# ')}")
        elif open_ and text.startswith("#   "):
            found[-1] += f" {text.removeprefix('#').strip()}"
            continue
        open_ = MARK in line
    return found


def _readme(draft: Draft, place: str, asked: int) -> str:
    datasets = "\n".join(
        f"| `{d.name}` | {d.files:,} | {d.rows:,} | {len(d.columns)} | {d.kind} |" for d in draft.datasets
    )
    first = draft.datasets[0].name
    example = next((n for n in example_files(draft) if n.startswith(f"example/{first}.")), f"example/{first}")
    report = gold_name(counted_dataset(draft))
    open_ = (
        f"Open: {counted(asked, 'question')}. Each is in the contract as `DECIDE`, above what it is about."
        if asked
        else "Nothing was left undecided."
    )
    return f"""# {draft.domain}

Drafted by `./lake infer`. Say here, in one page, who sends which files, what a row means, who uses it.

| dataset | files | records | columns | kind |
|---|---|---|---|---|
{datasets}

{open_}
Comments in the contract are the evidence: counts and shares, never values.

| file | holds |
|---|---|
| `contract.odcs.yaml` | datasets, tables, columns, rules |
| `gold/*.sql` | how gold is computed: a SELECT for each table |
| `reports/*.sql` | named queries in Athena |
| `example/` | made-up files to try it with; of what is undecided, plain spellings |

Try it, when every question is answered:
```
./lake contract lint
./lake try {draft.domain} {place}/{example} --dataset {first}
./lake up
./lake drop {place}/{example} --domain {draft.domain} --dataset {first}
./lake run {draft.domain}
./lake query --domain {draft.domain} --report {report}
```
"""
