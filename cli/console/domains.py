"""Which domain a page is about."""

from __future__ import annotations

from cli.catalogue_page.markup import element, joined
from cli.console.page import Visit, address
from cli.console.parts import html, no_domain


def choose_domain(visit: Visit, path: str) -> str:
    """Links to the same page of the other domains, and the domain of this one; nothing where there is none,
    which the page then says.
    """
    known = visit.lake.domains
    if not known:
        no_domain()
    if len(known) > 1:
        links = (
            element("a", d, href=address(path, domain=d), aria_current="true" if d == visit.domain else None)
            for d in known
        )
        html(element("nav", joined(links), aria_label="Domains", class_="tabs"))
    return visit.domain
