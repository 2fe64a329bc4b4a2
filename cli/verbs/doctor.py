"""`./lake doctor`: what an account says of an environment, before and after it is deployed."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from cli.doctor.examination import can_work, examine
from cli.doctor.question import Answer, Verdict
from cli.options import add_json
from cli.targets import deployed
from local.console import say, show, write_json
from local.session import TargetError
from stacks.config import environments, settings

EXAMPLE = "./lake doctor --env dev     # changes nothing; exit code 0: nothing known would stop a deployment"
RESULT = {
    "can_work": "whether nothing known would stop a deployment",
    "answers": "of each question: about, verdict, what, do (the next step)",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", choices=tuple(environments()), required=True, help="of environments.toml")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    found = []
    try:
        for answer in examine(deployed(arguments.env), settings(arguments.env)):
            _show(answer)
            found.append(answer)
    except TargetError as error:  # without the right credentials nothing else can be asked
        found.append(Answer("credentials", Verdict.REFUSED, error.text, error.do))
        _show(found[-1])
    write_json(arguments.json, {"can_work": can_work(found), "answers": [asdict(a) for a in found]})
    return _told(arguments.env, found)


def _show(answer: Answer) -> None:
    step = f"\n           → {answer.do}" if answer.do else ""
    loudly = answer.verdict is Verdict.REFUSED
    show(f"{answer.verdict:<9}  {answer.about}: {answer.what}{step}", loudly=loudly)


def _told(env: str, found: list[Answer]) -> int:
    counts = {verdict: sum(a.verdict is verdict for a in found) for verdict in Verdict}
    listed = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    works = can_work(found)
    say(
        f"{env}: {listed}; "
        + ("nothing known would stop a deployment" if works else "a deployment cannot work")
    )
    return 0 if works else 1
