"""Every expected error ends with the next step, and commands that messages name are commands."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import cli
import local
from cli.completion.candidates import verbs
from cli.main import Exit, run
from local.errors import LakeError, expected, told
from shared.contracts import ContractError

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"\./lake ([a-z][a-z-]*)([^`;,.()\n→]*)")
BEFORE_ANOTHER = re.compile(r" (?:or|and|says|shows|writes|brings|lists|has|makes|names|again) ")
PASSING_ON = {"test", "bench", "deploy"}


def kinds(base: type[LakeError]) -> Iterator[type[LakeError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def import_all() -> None:
    for package in (cli, local):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "__main__" not in module.name and ".bench." not in module.name:
                importlib.import_module(module.name)


def test_an_error_of_ours_cannot_be_made_without_a_next_step() -> None:
    """mypy refuses it as well; a kind may have a step that is always right."""
    import_all()
    found = set(kinds(LakeError))
    assert len(found) > 20
    assert [k.__name__ for k in found if "do" not in inspect.signature(k.__init__).parameters] == []
    with pytest.raises(TypeError, match="do"):
        LakeError("wrong")  # type: ignore[call-arg]
    assert str(LakeError("what is wrong", "./lake up")) == "what is wrong\n  → ./lake up"


def test_every_other_expected_error_has_a_step_of_its_kind() -> None:
    others = [kind for kind in expected() if kind is not LakeError]
    assert all(told(kind.__new__(kind))[1] for kind in others)
    wrong = ContractError("domains/shop/contract.odcs.yaml", "schema", "is missing")
    assert told(wrong)[1] == "mend the contract; ./lake contract lint says all that is wrong with it"


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("ExpiredToken", "log in (aws sso login), or choose another AWS_PROFILE"),
        ("AccessDeniedException", "ask for the rights that docs/howto/deployment.md lists, then"),
        ("ValidationException", "./lake doctor --env NAME says"),
    ],
)
def test_what_aws_refuses_has_a_step_by_its_code(code: str, step: str) -> None:
    assert told(ClientError({"Error": {"Code": code, "Message": "no"}}, "Get"))[1].startswith(step)


def test_people_and_machines_are_told_the_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise LakeError("nothing runs", "./lake up")

    report = tmp_path / "report.json"
    assert run(work, report) == Exit.FAILED
    assert capsys.readouterr().err == "nothing runs\n  → ./lake up\n"
    assert report.read_text() == '{\n "error": "nothing runs",\n "do": "./lake up"\n}\n'


def test_an_interruption_has_the_exit_code_of_shells() -> None:
    def work() -> int:
        raise KeyboardInterrupt

    assert run(work) == 130


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the code that names a command; what is computed in it stands as `{}`."""
    for package in ("cli", "local", "stacks", "domains"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield (
                        path.name,
                        "".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values),
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield path.name, node.value


def wrong_commands(text: str) -> list[str]:
    """Commands of a text that no verb or option makes."""
    wrong = []
    for verb, rest in COMMAND.findall(text):
        options = re.findall(r"(?<!\S)--[a-z][a-z-]*", BEFORE_ANOTHER.split(rest)[0])
        if verb not in verbs():
            wrong.append(f"./lake {verb}")
        elif verb not in PASSING_ON:
            wrong += [f"./lake {verb} {o}" for o in options if o not in verbs()[verb]["options"]]
    return wrong


def test_a_command_that_a_message_names_is_one() -> None:
    found = [(name, wrong) for name, text in texts() for wrong in wrong_commands(text)]
    assert found == []
    assert wrong_commands("./lake dance, or ./lake run {} --nope") == ["./lake dance", "./lake run --nope"]
    assert sum("./lake " in text for _, text in texts()) > 100
