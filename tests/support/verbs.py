"""What the parsers of the verbs take: as the shells' completion reads it, and as a page for people."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from cli.exits import MEANING
from cli.main import VERBS, module_of, parser_of
from cli.options import json_file, path

# By the name of an argument: its values are names of the project, not of the product.
KINDS = {
    "domain": "domain",
    "domains": "domain",
    "env": "environment",
    "confirm": "environment",
    "dataset": "dataset",
    "tables": "table",
    "rebuild": "table",
    "drop": "table",
    "report": "report",
}
FREE = {("new", "domain")}  # a name that is not there yet
COMMON = ("env", "demo", "json")
METAVARS = {
    "domain": "DOMAIN",
    "environment": "NAME",
    "dataset": "DATASET",
    "table": "TABLE",
    "report": "REPORT",
}
# A verb of the start script alone, whose options are uv's.
LOCK = {
    "help": "resolve the packages anew, into the locks",
    "options": {"--upgrade": {"help": "also what stands in the locks", "values": 0}},
    "positionals": [],
}
HEAD = """# Verbs

`./lake [--project DIR] VERB …`. What each verb takes, its exit codes and the JSON that it writes. This page is
made from the parsers (`./lake test --write-golden`).

## Exit codes

| code | means |
|---|---|
"""
SHARED = """
`test`, `bench` and `deploy` give also the codes of the programs that they call.

## Errors

A message says what was expected and what was found, and its last line, which begins with `→`, what to do next: a command
where there is one. Messages and progress go to stderr, results to stdout.

## Options of many verbs

| option | means |
|---|---|
| `--env NAME` | a deployed environment instead of this laptop, with the AWS profile's credentials |
| `--demo` | the lake that the last `./lake demo` left, instead of the laptop's own |
| `--json FILE` | also write the result as JSON, as listed with each verb; `-` is stdout, which then has nothing else. A verb that cannot do its work writes `error`, what is wrong, and `do`, the next step |

## Completion

`eval "$(/path/to/lake completion bash)"` in `~/.bashrc`, the same with `zsh` in `~/.zshrc`, and for fish
`/path/to/lake completion fish | source` in `~/.config/fish/config.fish`. Verbs, options, domains, datasets, tables,
environments and reports are completed, those of the project that is named; nothing is started and nobody asked for it.
"""


def actions(verb: str) -> list[argparse.Action]:
    return [a for a in parser_of(verb)._actions if not isinstance(a, argparse._HelpAction)]


def table() -> dict[str, Any]:
    """What completion needs to know of every verb."""
    found = {verb: {"help": text, **_arguments(verb)} for verb, (_, text) in VERBS.items()}
    return {**found, "lock": LOCK}


def _arguments(verb: str) -> dict[str, Any]:
    options: dict[str, Any] = {"--help": {"help": "says more", "values": 0}}
    positionals = []
    for action in actions(verb):
        value = _value(verb, action)
        if not action.option_strings:
            many = {"many": True} if action.nargs in ("+", "*") else {}
            positionals.append({"name": action.dest, **value, **many})
            continue
        values = {"+": 99, "?": 1}.get(action.nargs, 1) if action.nargs != 0 else 0
        maybe = {"optional": True} if action.nargs == "?" else {}
        known = {"help": action.help or "", "values": values, **maybe, **(value if values else {})}
        options |= dict.fromkeys(action.option_strings, known)
    return {"options": options, "positionals": positionals}


def _value(verb: str, action: argparse.Action) -> dict[str, Any]:
    if action.type in (path, json_file):
        return {"kind": "path"}
    if action.nargs != 0 and action.dest in KINDS and (verb, action.dest) not in FREE:
        return {"kind": KINDS[action.dest]}
    return {"choices": list(action.choices)} if action.choices else {}


def page() -> str:
    """The reference of all verbs."""
    codes = "".join(f"| {int(code)} | {text} |\n" for code, text in MEANING.items())
    return HEAD + codes + SHARED + "".join(f"\n{part}\n" for verb in VERBS for part in _section(verb))


def _section(verb: str) -> Iterator[str]:
    module, text = module_of(verb), VERBS[verb][1]
    yield f"## {verb}"
    shared = [a.option_strings[0] for a in actions(verb) if _is_common(a)]
    also = f" Takes {', '.join(f'`{option}`' for option in shared)}." if shared else ""
    yield f"{text[0].upper()}{text[1:]}.{also} Example: `{' '.join(module.EXAMPLE.split())}`"
    if rows := [_row(verb, action) for action in actions(verb) if not _is_common(action)]:
        yield "\n".join(["| argument | means |", "|---|---|", *rows])
    if result := getattr(module, "RESULT", None):
        yield "JSON: " + "; ".join(f"`{name}` {what}" for name, what in result.items()) + "."


def _is_common(action: argparse.Action) -> bool:
    """Said once for all verbs, unless a verb means something else by it."""
    return (
        action.dest in COMMON
        and bool(action.option_strings)
        and action.option_strings[0] in SHARED
        and (action.dest != "env" or (action.help or "").startswith("a deployed environment"))
    )


def _row(verb: str, action: argparse.Action) -> str:
    means = (action.help or "").replace("|", "\\|")
    if action.required and action.option_strings:
        means = f"{means}; required" if means else "required"
    return f"| `{_spelled(verb, action)}` | {means} |"


def _spelled(verb: str, action: argparse.Action) -> str:
    known = _value(verb, action)
    name = METAVARS.get(known.get("kind", "")) or "\\|".join(known.get("choices", ())) or action.dest.upper()
    value = action.metavar if isinstance(action.metavar, str) else name
    if action.option_strings:
        option = action.option_strings[0]
        if action.nargs == 0:
            return option
        return (
            f"{option} [{value}]"
            if action.nargs == "?"
            else f"{option} {value}{' …' if action.nargs == '+' else ''}"
        )
    return f"[{value}]" if action.nargs == "?" else f"{value}{' …' if action.nargs == '+' else ''}"
