"""A Python that has imported the packages of others that jobs need, and forks for each job run.

`local.aws.pythons` starts it as a script, by `-P`: neither this folder nor the product may be on a job's
path.
No AWS client is made here, and nothing of a job's own imported: that comes from its archive, in the fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import socket
import sys
import time
import warnings
from pathlib import Path
from types import ModuleType


def fork_for_each(control: socket.socket) -> socket.socket:
    """Forks whenever `control` brings a socket, and says over it at the end how the fork ended. Ends itself
    when `control` is closed and the last fork is over.

    Returns only in a fork: its socket.
    """
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    while selector.get_map():
        for key, _ in selector.select():
            if key.fileobj is not control:
                pid, asker = key.data
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                selector.unregister(key.fd)
                os.close(key.fd)
                with contextlib.suppress(OSError), asker:  # who asked may be gone
                    asker.sendall(f"code {code}\n".encode())
                continue
            _, received, _, _ = socket.recv_fds(control, 1, 3)
            if not received:
                selector.unregister(control)
                continue
            # OpenBLAS and jemalloc came with the packages: they have threads, and mend themselves in a fork.
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                pid = os.fork()
            asker = socket.socket(fileno=received[0])
            if pid == 0:
                _leave_open_only(selector, control)
                os.setsid()  # before anybody knows the process: its group is what is killed
                for number, file in enumerate(received[1:], start=1):
                    os.dup2(file, number)
                    os.close(file)
                return asker
            for file in received[1:]:
                os.close(file)
            selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, asker))
    sys.exit(0)


def _leave_open_only(selector: selectors.BaseSelector, control: socket.socket) -> None:
    """Closes in a fork what belongs to other job runs."""
    for key in list(selector.get_map().values()):
        if key.fileobj is not control:
            os.close(key.fd)
            key.data[1].close()
    control.close()
    selector.close()


def become(asker: socket.socket) -> tuple[str, ModuleType]:
    """Says that this process is there, and makes it the one that was asked for.

    Returns the path of its script, and the module that the script runs as.
    """
    with asker:
        asker.sendall(f"pid {os.getpid()}\n".encode())
        with asker.makefile() as lines:
            asked = json.loads(lines.readline())
    script, environment = asked["argv"][0], asked["environment"]
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(asked["cwd"])
    sys.argv = asked["argv"]
    libraries = environment.get("PYTHONPATH")
    sys.path[:0] = [str(Path(script).parent), *(libraries.split(os.pathsep) if libraries else ())]
    importlib.invalidate_caches()
    main = ModuleType("__main__")
    main.__file__ = script
    sys.modules["__main__"] = main
    return script, main


if __name__ == "__main__":
    number, *packages = sys.argv[1:]
    for name in packages:
        with contextlib.suppress(ImportError):  # the job itself says what it lacks
            importlib.import_module(name)
    gc.freeze()  # forks share these objects' memory as long as nobody touches them
    script, main = become(fork_for_each(socket.socket(fileno=int(number))))
    exec(compile(Path(script).read_bytes(), script, "exec", dont_inherit=True), main.__dict__)
