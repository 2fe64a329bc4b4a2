"""What is found of people in an object, and what is to become of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cli.erasure.objects import Version

Fate = Literal["rewrite", "delete", "whole", "waiting", "unclear"]


@dataclass(frozen=True)
class Finding:
    """A version of an object that holds somebody who is sought. `fate`: it is rewritten; deleted, being an
    old version; `whole`: no single records can be taken out of it, `why`; `waiting`: ingestion has yet to
    read it; `unclear`: nothing is done, for records that cannot be read mention them, and may be anybody's.
    `records`: how many are theirs; 0 where the bytes alone tell.
    """

    version: Version
    zone: str
    fate: Fate
    records: int = 0
    why: str = ""
