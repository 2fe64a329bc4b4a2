"""What people look at and are told: dashboard, alarms, budget.

It refers to everything by name, so it is deployed last and alone.
"""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.alarms import add_alarm, alarm_definitions
from stacks.base import Lake, LakeStack
from stacks.dashboard import body
from stacks.prices import usd_by_name


class MonitoringStack(LakeStack):
    def __init__(self, scope: Construct, lake: Lake) -> None:
        super().__init__(scope, "monitoring", lake, description="Lakehouse: dashboard, alarms, budget")
        for alarm in alarm_definitions(
            self.names,
            lake.contracts,
            ingest_timeout_seconds=self.settings.ingest_timeout_seconds,
            unknown_column_days=self.settings.unknown_column_days,
            crawls=self.settings.crawl is not None,
        ):
            add_alarm(self, alarm, self.names)
        page = body(self.names, lake.contracts, usd_by_name())
        cloudwatch.CfnDashboard(
            self, "Dashboard", dashboard_name=self.names.name("lakehouse"), dashboard_body=page
        )
        self._budget()
        CfnOutput(
            self, "DashboardName", value=self.names.name("lakehouse"), description="CloudWatch, Dashboards"
        )

    def _budget(self) -> None:
        """Counts what carries the environment's tag; the tag must be activated once for cost allocation
        (docs/howto/runbook.md#budget).
        """
        budget = budgets.CfnBudget
        topic = budget.SubscriberProperty(
            subscription_type="SNS", address=self.names.arn("sns", self.names.alerts_topic)
        )

        def at(percent: int, kind: str) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
            notification = budget.NotificationProperty(
                comparison_operator="GREATER_THAN",
                notification_type=kind,
                threshold=percent,
                threshold_type="PERCENTAGE",
            )
            return budget.NotificationWithSubscribersProperty(notification=notification, subscribers=[topic])

        budget(
            self,
            "Budget",
            budget=budget.BudgetDataProperty(
                budget_name=self.names.name("month"),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budget.SpendProperty(amount=self.settings.monthly_budget_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:lakehouse:env${self.settings.env}"]},
            ),
            notifications_with_subscribers=[at(80, "ACTUAL"), at(100, "FORECASTED")],
        )
