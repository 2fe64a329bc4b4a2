"""How a command ends, for shells and schedulers."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of `./lake`. `test`, `bench` and `deploy` give also those of the programs that they call."""

    DONE = 0
    FAILED = 1
    USAGE = 2  # as argparse has it
    ALARMED = 3
    INTERRUPTED = 130  # as shells count a Ctrl-C


MEANING = {
    Exit.DONE: "done; nothing is wrong",
    Exit.FAILED: "refused, failed, or a check found something; the message ends with the next step",
    Exit.USAGE: "an unknown verb, option or value; nothing was begun",
    Exit.ALARMED: "a run succeeded, but more than a fifth of a dataset's records are in quarantine",
    Exit.INTERRUPTED: "Ctrl-C; a run that was begun goes on",
}
