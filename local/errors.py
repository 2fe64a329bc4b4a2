"""What may go wrong without a bug: shown as a message, never as a traceback."""

from __future__ import annotations

LOG_IN = "log in (aws sso login), or choose another AWS_PROFILE"
# By the name of a class of errors that are not ours alone, so that nothing is imported for it.
STEPS = {
    "ContractError": "mend the contract; ./lake contract lint says all that is wrong with it",
    "ReportError": "mend the report; ./lake contract lint says all that is wrong with it",
    "ConfigError": "mend environments.toml: docs/reference/environments.md has every setting",
    "BotoCoreError": "see that AWS is reached and the profile is right: ./lake doctor --env NAME",
    "OSError": "see that the path is there and may be read and written, then give the same command again",
}


class LakeError(Exception):
    """Base of the expected errors of `./lake`.

    `text`: what was expected and what was found; `do`: the next step, a command where there is one. No error
    of these can be raised without it.
    """

    def __init__(self, text: str, do: str) -> None:
        super().__init__(with_step(text, do))
        self.text = text
        self.do = do


def with_step(text: str, do: str) -> str:
    """A message that ends with the next step."""
    return f"{text}\n  → {do}"


def expected() -> tuple[type[Exception], ...]:
    """All expected errors: ours, a wrong contract, report or setting, whatever AWS refuses, and files that
    cannot be read or written.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from shared.contracts import ContractError
    from shared.reports import ReportError
    from stacks.config import ConfigError

    return (LakeError, ContractError, ReportError, ConfigError, ClientError, BotoCoreError, OSError)


def told(error: Exception) -> tuple[str, str]:
    """What an expected error says, and the next step."""
    if isinstance(error, LakeError):
        return error.text, error.do
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "ClientError" in kinds:
        return str(error), _step_at_aws(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    return str(error), next(step for kind, step in STEPS.items() if kind in kinds)


def _step_at_aws(code: str) -> str:
    if code.startswith(("Expired", "InvalidClientToken", "UnrecognizedClient")):
        return LOG_IN
    if code.startswith(("AccessDenied", "Unauthorized")):
        return "ask for the rights that docs/howto/deployment.md lists, then give the same command again"
    return "./lake doctor --env NAME says what AWS holds against the environment"
