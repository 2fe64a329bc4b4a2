"""What may be wrong with the files that a contract is to be drafted from."""

from __future__ import annotations

from local.errors import LakeError


class InferError(LakeError):
    """Nothing can be drafted; the text says what was found and what to do, without a value of the data."""


class RefusedError(InferError):
    """One file that no contract could take as it is; the others may be drafted from without it."""

    def __init__(self, text: str, do: str = "have it sent otherwise: docs/howto/draft-from-files.md") -> None:
        super().__init__(text, do)
