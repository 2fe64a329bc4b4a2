"""What the Glue jobs of all domains share: the code that they run, and the encryption of what they write and
log.
"""

from __future__ import annotations

from constructs import Construct

from shared.names import DOMAIN_JOBS
from stacks.base import Lake, LakeStack
from stacks.jobs import Code
from stacks.protection import Protection


class ProcessingStack(LakeStack):
    """Publishes the code once, for the jobs of every domain (stacks/domain.py)."""

    def __init__(self, scope: Construct, lake: Lake, *, key_arn: str | None) -> None:
        super().__init__(
            scope, "processing", lake, description="Lakehouse: code and encryption of the Glue jobs"
        )
        self.protection, self.code = Protection(self, key_arn), Code.of(self, DOMAIN_JOBS)
