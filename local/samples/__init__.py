"""Sample data of each domain: messy files as producers send them, and what must come of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.samples import ecommerce

SAMPLES: dict[str, Callable[..., dict[str, Any]]] = {"ecommerce": ecommerce.generate}
