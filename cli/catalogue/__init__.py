"""The catalogue as values, without a form of its own: domains, tables, columns, promises, lineage, diagrams.

`./lake docs` writes it as a page, `./lake contract docs` as Markdown.
"""

from cli.catalogue.build import catalogue, domain_entry
from cli.catalogue.model import (
    Catalogue,
    Column,
    ColumnFlow,
    ColumnPlace,
    DomainEntry,
    Entity,
    Flow,
    ForeignKey,
    Place,
    ReportEntry,
)

__all__ = [
    "Catalogue",
    "Column",
    "ColumnFlow",
    "ColumnPlace",
    "DomainEntry",
    "Entity",
    "Flow",
    "ForeignKey",
    "Place",
    "ReportEntry",
    "catalogue",
    "domain_entry",
]
