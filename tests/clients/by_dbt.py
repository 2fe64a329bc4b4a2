"""dbt: one model over a gold table, built twice, as a scheduled project does."""

import json
import os
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner

staging, database, region, workgroup = sys.argv[1:]
os.environ |= {
    "LAKE_STAGING": staging,
    "LAKE_DATABASE": database,
    "LAKE_REGION": region,
    "LAKE_WORKGROUP": workgroup,
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
}
folder = Path(__file__).parent / "dbt"
where = [
    "--project-dir",
    str(folder),
    "--profiles-dir",
    str(folder),
    "--target-path",
    "/tmp/dbt-target",
    "--log-path",
    "/tmp/dbt-log",
    "--quiet",
]
built = []
for _ in range(2):
    done = dbtRunner().invoke(["run", *where])
    if not done.success:
        sys.exit(str(done.exception or [(r.node.name, r.message) for r in done.result]))
    built.append([r.status for r in done.result])
print(json.dumps(built))
