"""People and other accounts that an environment lets in: who may read a domain, who may deliver to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Principal = Annotated[
    str, Field(pattern=r"^(\d{12}|arn:aws[a-z-]*:iam::\d{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+)$")
]
"""An account, which decides itself who of it may, or one of its roles or users by ARN."""
Principals = Annotated[tuple[Principal, ...], Field(min_length=1)]


class Analysts(BaseModel):
    """Who may take the role of a domain's analysts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    principals: Principals
    silver: bool = False
    """They read silver, too: where Lake Formation guards the catalog all tables without their confidential
    columns, else the tables that have none.
    """


def arn_of(principal: str, partition: str) -> str:
    """A policy's principal; of an account, all of it that the account itself allows."""
    return f"arn:{partition}:iam::{principal}:root" if principal.isdigit() else principal
