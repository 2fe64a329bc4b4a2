"""Makes UpdateTable atomic: its version check and its write happen in different bytecodes, and requests run
in threads.
"""

from __future__ import annotations

import threading
from typing import Any

from ministack.services import glue


def install() -> None:
    stock, lock = glue._update_table, threading.Lock()

    def update_table(data: dict[str, Any]) -> Any:
        with lock:
            return stock(data)

    glue._update_table = update_table
