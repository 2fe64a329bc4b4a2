"""Backups of what cannot be computed again, as an option of a protected environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class BackupSettings(BaseModel):
    """`copy_to`: a vault of another region or account, which takes a copy of every backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Annotated[int, Field(ge=7, le=3650)] = 35
    schedule: Annotated[str, Field(pattern=r"^cron\(.+\)$")] = "cron(0 2 * * ? *)"
    copy_to: (
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:backup:[a-z0-9-]+:\d{12}:backup-vault:[\w-]{2,50}$")]
        | None
    ) = None
    copy_days: Annotated[int, Field(ge=7, le=3650)] = 35
