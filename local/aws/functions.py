"""Lambda on the laptop: errors keep their Python type, and a mapping polls with as many workers as there are
cores.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_STOCK = '"error": str(e), "trace": traceback.format_exc()'
_TYPED = '"error": str(e), "error_type": type(e).__name__, "trace": traceback.format_exc()'


def install() -> None:
    _keep_error_type()
    _bound_concurrency()


def _keep_error_type() -> None:
    """ministack reports every error as Runtime.HandlerError; AWS reports the class name, which Catch and
    Retry match on.
    """
    if _STOCK not in lambda_runtime._PYTHON_WORKER_SCRIPT:
        raise RuntimeError(
            "this ministack's Lambda worker differs from the one that was tried: adapt local/aws/functions.py"
        )
    lambda_runtime._PYTHON_WORKER_SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT.replace(_STOCK, _TYPED)
    seen = threading.local()
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def invoke_and_note(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = invoke(self, *args, **kwargs)
        seen.type = answer.get("error_type")
        return answer

    def execute_typed(*args: Any, **kwargs: Any) -> Any:
        seen.type = None
        result = execute(*args, **kwargs)
        if seen.type and result.get("error"):
            result["body"]["errorType"] = seen.type
        return result

    lambda_runtime.Worker.invoke = invoke_and_note
    lambda_svc._execute_function_warm = execute_typed


def _bound_concurrency() -> None:
    """Twenty Python workers that start at once on two cores take longer than two that stay warm."""
    stock, most = lambda_svc._sqs_esm_concurrency, max(2, os.cpu_count() or 2)

    def concurrency(*args: Any, **kwargs: Any) -> int:
        return min(int(stock(*args, **kwargs)), most)

    lambda_svc._sqs_esm_concurrency = concurrency
