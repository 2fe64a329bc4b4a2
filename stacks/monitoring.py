"""What people look at and are told: dashboard, alarms of what all domains share, budget.

It refers to everything by name, so it is deployed last and alone.
"""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.alarms import add_alarm, lake_alarms
from stacks.base import Lake, LakeStack
from stacks.dashboard import bodies
from stacks.prices import dpu_hour
from stacks.regions import NO_BUDGETS


class MonitoringStack(LakeStack):
    def __init__(self, scope: Construct, lake: Lake) -> None:
        super().__init__(scope, "monitoring", lake, description="Lakehouse: dashboard, alarms, budget")
        for alarm in lake_alarms(
            self.names,
            ingest_timeout_seconds=self.settings.ingest_timeout_seconds,
            crawls=self.settings.crawl is not None,
        ):
            add_alarm(self, alarm, self.names)
        usd = dpu_hour(flex=self.settings.glue_flex).usd
        for n, body in enumerate(bodies(self.names, lake.contracts, usd), 1):
            page = "" if n == 1 else str(n)
            name = self.names.name("-".join(["lakehouse", *page]))
            cloudwatch.CfnDashboard(self, f"Dashboard{page}", dashboard_name=name, dashboard_body=body)
        if self.settings.region not in NO_BUDGETS:
            self._budget()
        CfnOutput(
            self, "DashboardName", value=self.names.name("lakehouse"), description="CloudWatch, Dashboards"
        )

    def _budget(self) -> None:
        """While the tag is not activated for cost allocation (docs/howto/runbook.md#budget), what carries it
        counts as nothing: so the account's costs are counted, unless the settings say that it is.
        """
        budget = budgets.CfnBudget
        tagged = {"TagKeyValue": [f"user:lakehouse:env${self.settings.env}"]}
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
                cost_filters=tagged if self.settings.budget_by_tag else None,
            ),
            notifications_with_subscribers=[at(80, "ACTUAL"), at(100, "FORECASTED")],
        )
