"""`./lake console`: the lake in a browser."""

from __future__ import annotations

import argparse
import os

from cli.options import add_env, add_json, lake_option, positive
from local.console import say, show, write_json
from local.settings import HOME

EXAMPLE = "./lake console     # prints an address to open; Ctrl-C ends it"
RESULT = {
    "address": "to open, with its token; written before the console serves",
    "port": "it listens on, at 127.0.0.1",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=positive, help="of 127.0.0.1 (default: one that is free)")
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    # NiceGUI keeps what its storage is given below the working folder otherwise; nothing here uses it.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(HOME / "console"))
    # Of a set of packages of its own, and slow to import.
    from cli.console import server
    from cli.console.lake import Lake

    port, token = server.free_port(arguments.port), server.new_token()
    address = server.address(port, token)
    lake = Lake(arguments.env, arguments.demo, lake_option(arguments))
    say(f"the console of {lake.title}, for whoever has this address; Ctrl-C ends it:")
    show(address)
    write_json(arguments.json, {"address": address, "port": port})
    try:
        server.serve(lake, port, token)
    except KeyboardInterrupt:
        say("the console has ended; a run that was begun goes on")
    return 0
