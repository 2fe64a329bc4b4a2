"""The warehouse's network as an environment may have it otherwise: one that is there, and who may come in."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
GroupId = Annotated[str, Field(pattern=r"^sg-[0-9a-f]{8,17}$")]
PrefixListId = Annotated[str, Field(pattern=r"^pl-[0-9a-f]{8,17}$")]


class ExistingNetwork(BaseModel):
    """A VPC of somebody else's, who sees to its routes, endpoints and flow logs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")]
    subnet_ids: Annotated[tuple[SubnetId, ...], Field(min_length=3)]
    """In three zones; Redshift asks for as many."""


class WarehouseClients(BaseModel):
    """Who may reach the warehouse on its port; it has no public address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    security_groups: tuple[GroupId, ...] = ()
    prefix_lists: tuple[PrefixListId, ...] = ()
    cidrs: tuple[IPv4Network, ...] = ()

    @model_validator(mode="after")
    def _are_some_and_private(self) -> Self:
        if not (self.security_groups or self.prefix_lists or self.cidrs):
            raise ValueError("name security_groups, prefix_lists or cidrs; without any nobody comes in")
        if public := [str(c) for c in self.cidrs if not c.is_private or c.prefixlen < 8]:
            raise ValueError(
                f"cidrs: {', '.join(public)}: only private addresses (10.0.0.0/8, 172.16.0.0/12,"
                " 192.168.0.0/16) reach the warehouse"
            )
        return self
