"""What a measured command costs."""

from __future__ import annotations

import sys

import pytest

from cli.bench._cpu import measured

IGNORED = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    while time.process_time() < 1.5:
        pass
    os._exit(0)
try:
    os.wait()
except ChildProcessError:  # what the kernel says when it has reaped the child itself
    print("gone")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_child_whose_end_its_parent_ignores_is_counted() -> None:
    """PySpark's daemon ignores the end of its workers; a second is left for what the last look before the end
    missed.
    """
    cost = measured([sys.executable, "-c", IGNORED])
    assert cost.output.strip() == "gone"
    assert cost.cpu > 1.0
