"""The reports of a domain, each with the chart that it asks for."""

from __future__ import annotations

from cli.catalogue_page.markup import element, words
from cli.console.answer_view import AnswerView
from cli.console.asked import ask
from cli.console.controls import button
from cli.console.domains import choose_domain
from cli.console.page import Page, Visit, address
from cli.console.parts import empty, html, link, quiet, rows
from shared.reports import Report, reports_of

PATH = "/reports"
OF_ONE = "/report"


def build(visit: Visit) -> None:
    if not (domain := choose_domain(visit, PATH)):
        return
    found = reports_of(domain)
    if not found:
        empty(
            f"{domain} has no report yet.",
            f"write domains/{domain}/reports/NAME.sql: docs/howto/add-a-report.md",
        )
        return
    rows(
        f"Reports of {domain}",
        ("report", "what it tells", "chart"),
        [(link(r.name, _address(r)), words(r.description), r.chart.kind if r.chart else "") for r in found],
    )


def _address(report: Report) -> str:
    return address(OF_ONE, domain=report.domain, report=report.name)


def build_one(visit: Visit) -> None:
    """A report runs when it is opened; in a deployed environment, where that costs, when somebody says so."""
    lake, domain, name = visit.lake, visit.domain, visit.asked.get("report", "")
    back = link(f"Reports of {domain}", address(PATH, domain=domain))
    report = next((r for r in reports_of(domain) if r.name == name), None) if domain else None
    if report is None:
        html(element("p", back))
        empty(f"{domain} has no report {name!r}.", f"./lake query --domain {domain} --report NAME names them")
        return
    html(element("p", element("strong", report.name), " · ", back))
    html(element("p", words(report.description)))
    key = f"report {domain}.{name}"
    last = lake.asked.get(key)

    def run() -> None:
        if not ((now := lake.asked.get(key)) and now.goes_on):
            ask(lake, key, domain, report.sql)

    if not lake.env and (last is None or last.sql != report.sql):
        run()
    button("Run again" if last or not lake.env else "Run report", run, main=True)
    AnswerView(lake, key, name, report.chart)
    change = address("/query", domain=domain, report=name)
    html(element("details", element("summary", "Its SQL"), element("pre", report.sql, tabindex=0)))
    html(element("p", link("Change it on the page Query", change)))
    if report.chart is None:
        quiet("Its file asks for no chart; a line of its first comment can: docs/howto/add-a-report.md.")


PAGE = Page(PATH, "Reports", build)
ONE = Page(OF_ONE, "Report", build_one, listed=False)
