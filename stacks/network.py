"""The warehouse's network: three isolated subnets, no way to or from the internet; S3 is reached
through its gateway.
"""

from __future__ import annotations

from ipaddress import ip_network

from aws_cdk import CfnTag, Fn
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from stacks.accepted import accept
from stacks.access import Access
from stacks.base import LakeStack
from stacks.default_group import ClosedDefaultGroup
from stacks.regions import zones

SUBNETS = 3  # Redshift Serverless asks for as many


def closed_group(scope: Construct, id: str, vpc_id: str, purpose: str) -> ec2.CfnSecurityGroup:
    """Lets nobody in, and out only by TLS to what the subnets reach: the endpoints."""
    return ec2.CfnSecurityGroup(
        scope,
        id,
        group_description=purpose,
        vpc_id=vpc_id,
        security_group_egress=[
            ec2.CfnSecurityGroup.EgressProperty(
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                cidr_ip="0.0.0.0/0",
                description="TLS to S3 and the endpoints",
            )
        ],
    )


class Network(Construct):
    """L1 only: the L2 Vpc looks availability zones up, and closes the default security group by a custom
    resource: a function of its own.
    """

    def __init__(self, stack: LakeStack) -> None:
        super().__init__(stack, "Network")
        self._stack, self._cidr = stack, stack.settings.vpc_cidr
        self.vpc = ec2.CfnVPC(
            self,
            "Vpc",
            cidr_block=self._cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=[self._named("vpc")],
        )
        ClosedDefaultGroup(stack, self, self.vpc)
        why = "closed by a schedule when the network is made, and daily after: stacks/default_group.py"
        accept(self.vpc, {"VPCDefaultSecurityGroupClosed": why})
        blocks = list(ip_network(self._cidr).subnets(prefixlen_diff=2))[:SUBNETS]
        self.subnets = [self._subnet(i, str(block)) for i, block in enumerate(blocks)]
        self._gateway()
        self._endpoints()
        self._flow_log()

    @property
    def subnet_ids(self) -> list[str]:
        return [subnet.attr_subnet_id for subnet in self.subnets]

    @property
    def vpc_id(self) -> str:
        return self.vpc.attr_vpc_id

    def _subnet(self, index: int, block: str) -> ec2.CfnSubnet:
        ids, region = self._stack.settings.warehouse_zone_ids, self._stack.settings.region
        zone = Fn.select(index % zones(region), Fn.get_azs(""))
        return ec2.CfnSubnet(
            self,
            f"Subnet{index}",
            vpc_id=self.vpc.attr_vpc_id,
            cidr_block=block,
            availability_zone=None if ids else zone,
            availability_zone_id=ids[index] if ids else None,
            map_public_ip_on_launch=False,
            tags=[self._named(f"isolated-{index}")],
        )

    def _gateway(self) -> None:
        routes = ec2.CfnRouteTable(self, "Routes", vpc_id=self.vpc.attr_vpc_id)
        for index, subnet in enumerate(self.subnets):
            ec2.CfnSubnetRouteTableAssociation(
                self,
                f"Route{index}",
                route_table_id=routes.attr_route_table_id,
                subnet_id=subnet.attr_subnet_id,
            )
        ec2.CfnVPCEndpoint(
            self,
            "S3",
            vpc_id=self.vpc.attr_vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{self._stack.region}.s3",
            route_table_ids=[routes.attr_route_table_id],
        )

    def _endpoints(self) -> None:
        """Interface endpoints that the environment asks for; each costs by the hour and zone."""
        if not self._stack.settings.interface_endpoints:
            return
        group = closed_group(self, "EndpointGroup", self.vpc_id, "Interface endpoints of the lakehouse")
        group.security_group_ingress = [
            ec2.CfnSecurityGroup.IngressProperty(
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                cidr_ip=self._cidr,
                description="TLS from the subnets",
            )
        ]
        for service in self._stack.settings.interface_endpoints:
            ec2.CfnVPCEndpoint(
                self,
                f"Endpoint-{service}",
                vpc_id=self.vpc.attr_vpc_id,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{self._stack.region}.{service}",
                subnet_ids=self.subnet_ids,
                security_group_ids=[group.attr_group_id],
                private_dns_enabled=True,
            )

    def _flow_log(self) -> None:
        name = f"/{self._stack.names.prefix}/{self._stack.names.env}/vpc-flow"
        group = self._stack.log_group("FlowLogs", name)
        access = Access(self, "FlowLogAccess", "vpc-flow-logs.amazonaws.com", self._stack.names)
        arn = self._stack.names.arn("logs", f"log-group:{name}")
        access.allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [arn, f"{arn}:*"],
            why="streams of one log group",
        )
        log = ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_type="VPC",
            resource_id=self.vpc.attr_vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=name,
            deliver_logs_permission_arn=access.role.role_arn,
        )
        log.node.add_dependency(access, group)

    def _named(self, what: str) -> CfnTag:
        return CfnTag(key="Name", value=self._stack.names.name(what))
