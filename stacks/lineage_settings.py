"""Where lineage is sent, beside the metrics bucket."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class LineageSettings(BaseModel):
    """A receiver of OpenLineage's events, such as Marquez or DataHub."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, Field(pattern=r"^https?://[^\s@#]+$")]
    """Takes events by POST."""
    secret_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9/_+=.@-]+$")] | None = None
    """A secret in Secrets Manager whose text is the API key; people make it."""

    @model_validator(mode="after")
    def _keeps_its_key(self) -> Self:
        if self.secret_name and not self.url.startswith("https://"):
            raise ValueError(
                "lineage.url must begin with https:// where secret_name is set: the key would be sent in the"
                " clear"
            )
        return self
