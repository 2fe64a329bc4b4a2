"""Whether somebody hears of alarms and of costs."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from cli.doctor.question import Answer, Patient, Question, Verdict, error_code

PENDING = "PendingConfirmation"
TAG = "lakehouse:env"


def addresses(patient: Patient) -> Iterator[Answer]:
    about, names, wanted = "alert addresses", patient.session.names, patient.settings.alert_emails
    if not wanted:
        # `./lake deploy` refuses it, too.
        verdict = Verdict.REFUSED if patient.settings.unheard else Verdict.OK
        step = "set alert_emails in environments.toml" if patient.settings.unheard else ""
        yield Answer(about, verdict, "none are set: alarms reach nobody", step)
        return
    topic = names.arn("sns", names.alerts_topic)
    try:
        pages = (
            patient.session.client("sns")
            .get_paginator("list_subscriptions_by_topic")
            .paginate(TopicArn=topic)
        )
        there = {s["Endpoint"]: s["SubscriptionArn"] for page in pages for s in page["Subscriptions"]}
    except ClientError as error:
        if error_code(error) not in ("NotFound", "NotFoundException"):
            raise
        yield Answer(
            about, Verdict.OK, f"{len(wanted)} set; AWS asks each for a confirmation when it is deployed"
        )
        return
    waiting = sum(there.get(address) in (None, PENDING) for address in wanted)
    what = f"{len(wanted) - waiting} of {len(wanted)} confirmed"
    if waiting:
        step = "let each confirm the mail of AWS Notifications; deploy again where none came"
        yield Answer(about, Verdict.WARNING, what, step)
    else:
        yield Answer(about, Verdict.OK, what)


def budget_tag(patient: Patient) -> Iterator[Answer]:
    """Only where the budget counts by it. Only the account that pays may ask; its answer is for all of the
    organisation.
    """
    if not patient.settings.budget_by_tag:
        return
    costs = patient.central.client("ce")
    tags = costs.list_cost_allocation_tags(TagKeys=[TAG])["CostAllocationTags"]
    if any(tag["Status"] == "Active" for tag in tags):
        yield Answer("budget tag", Verdict.OK, f"{TAG} is active")
        return
    step = "activate it a day after the first deployment: docs/howto/runbook.md#budget"
    yield Answer("budget tag", Verdict.WARNING, f"{TAG} is not active: the budget counts nothing", step)


QUESTIONS = (
    Question("alert addresses", ("sns:ListSubscriptionsByTopic",), addresses),
    Question("budget tag", ("ce:ListCostAllocationTags",), budget_tag),
)
