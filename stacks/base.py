"""What every stack knows: the environment's settings and the names of everything in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Aws, Environment, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from shared.contracts import Contract
from shared.names import STATEFUL, Names
from stacks.config import Settings


@dataclass(frozen=True)
class Lake:
    """One environment as values.

    `dependencies` is False where the runtime brings the Lambda's packages itself (the laptop). `new` are
    stateful stacks that were never complete: what fails in a first creation must be able to go again.
    """

    settings: Settings
    contracts: tuple[Contract, ...]
    build_dir: Path
    dependencies: bool = True
    new: frozenset[str] = frozenset()

    @property
    def names(self) -> Names:
        """Names with the account and region of the deployment when the settings pin none."""
        s = self.settings
        partition = "" if s.region else Aws.PARTITION
        return Names(s.env, s.account or Aws.ACCOUNT_ID, s.region or Aws.REGION, s.prefix, partition)

    @property
    def domains(self) -> tuple[str, ...]:
        return tuple(c.domain for c in self.contracts)


class LakeStack(Stack):
    """A stack of one environment, named `<prefix>-<env>-<stack>`.

    A stateful one cannot be deleted by accident where data is retained, once it is complete.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        lake: Lake,
        *,
        description: str,
        key_arn: str | None = None,
    ) -> None:
        s = lake.settings
        guarded = s.retain_data and id in STATEFUL and id not in lake.new
        super().__init__(
            scope,
            id,
            stack_name=lake.names.name(id),
            env=Environment(account=s.account, region=s.region),
            description=description,
            termination_protection=guarded,
            analytics_reporting=False,
        )
        self.lake, self.names, self.settings = lake, lake.names, s
        self.guarded = guarded
        self._last = list[Callable[[], None]]()
        self.env_key = kms.Key.from_key_arn(self, "LogsKey", key_arn) if key_arn else None

    def at_the_end(self, make: Callable[[], None]) -> None:
        """Has something made when everything else of the environment was said (`complete`)."""
        self._last.append(make)

    def complete(self) -> None:
        for make in self._last:
            make()

    @property
    def removal(self) -> RemovalPolicy:
        """What becomes of data when its stack goes; a creation that fails takes everything back."""
        kept = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        return kept if self.settings.retain_data else RemovalPolicy.DESTROY

    def log_group(self, id: str, name: str | None = None) -> logs.LogGroup:
        """Encrypted with the environment's key when the stack was given one, else with CloudWatch's own.

        It goes with its stack: kept, its name would be taken when the stack is made again.
        """
        retention = next(r for days, r in _RETENTION.items() if days == self.settings.log_days)
        return logs.LogGroup(
            self,
            id,
            log_group_name=name,
            retention=retention,
            encryption_key=self.env_key,
            removal_policy=RemovalPolicy.DESTROY,
        )


_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
}
