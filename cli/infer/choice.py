"""What a draft says of a column: what is certain, what must be asked, and on what counts both rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OPEN = "DECIDE"  # a value that no contract may have: what is undecided cannot be deployed by oversight


@dataclass(frozen=True)
class Question:
    """What people must decide: `about` a property, with the answers that fit and the counts behind them."""

    about: str
    text: str
    answers: tuple[str, ...] = ()


@dataclass
class Choice:
    """`type` of the contract. `options`: logicalTypeOptions. `properties`: customProperties, in order.
    `local`: how many times have no offset. `nulls`: words that mean nothing here. `private`: why it is
    confidential. `notes`: evidence, `offers`: rules to accept.
    """

    type: str = "string"
    options: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    nulls: dict[str, int] = field(default_factory=dict)
    local: int = 0
    private: str = ""

    @property
    def is_time(self) -> bool:
        return self.type in ("date", "timestamp")
