"""Says to Lake Formation which columns of silver are confidential and which are not.

Tables inherit from their database that they are confidential: a column is hidden until it was named here, so
a table or column that is new, or a call that failed, shows nothing.
"""

from __future__ import annotations

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws
from shared.classification import CLASSIFICATION, by_classification
from shared.contracts import Table


class ClassificationError(RuntimeError):
    """Lake Formation did not take the classification of columns."""


def classify(job: Job, clients: Aws, table: Table) -> None:
    """Tags the columns of a table that exists; the same again changes nothing.

    Raises ClassificationError.
    """
    for value, columns in by_classification(table).items():
        if not columns:
            continue
        answer = clients.lake_formation.add_lf_tags_to_resource(
            Resource={
                "TableWithColumns": {
                    "CatalogId": job.names.account,
                    "DatabaseName": job.names.database(job.domain, table.zone),
                    "Name": table.name,
                    "ColumnNames": columns,
                }
            },
            LFTags=[
                {
                    "CatalogId": job.names.account,
                    "TagKey": job.names.lf_tag(CLASSIFICATION),
                    "TagValues": [value],
                }
            ],
        )
        if refused := answer["Failures"]:
            why = refused[0]["Error"]["ErrorMessage"]
            raise ClassificationError(
                f"{job.identifier(table)}: Lake Formation did not tag columns as {value}: {why}. The job's"
                " role must have made the table, and may associate the tag (docs/howto/analysts.md)."
            )
