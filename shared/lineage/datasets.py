"""What data is called in lineage, by the naming of OpenLineage (https://openlineage.io/docs/spec/naming)."""

from __future__ import annotations

from typing import Any

from shared.names import Names

JSON = dict[str, Any]


def stored(names: Names, database: str, table: str) -> JSON:
    """A table of the Glue Data Catalog."""
    return {"namespace": names.arn("glue", "").removesuffix(":"), "name": f"table/{database}/{table}"}


def folder(bucket: str, path: str) -> JSON:
    """Files of a bucket below a path."""
    return {"namespace": f"s3://{bucket}", "name": path.strip("/")}


def symlink(location: str) -> JSON:
    """The place of a table's files, under which those know it that read files."""
    bucket, _, path = location.removeprefix("s3://").partition("/")
    return {**folder(bucket, path), "type": "LOCATION"}
