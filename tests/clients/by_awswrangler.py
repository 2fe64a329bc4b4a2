"""AWS SDK for pandas: a query read from the object that Athena wrote, and by a table that is made for it."""

import json
import sys

import awswrangler as wr

staging, database, region, workgroup = sys.argv[1:]
sql = "SELECT id, shop, price, CAST(sold_at AS timestamp) AS sold_at, day, paid, note FROM sales ORDER BY id"
found = {}
for how in ("regular", "ctas"):
    frame = wr.athena.read_sql_query(
        sql, database=database, s3_output=staging, ctas_approach=how == "ctas", workgroup=workgroup
    )
    found[how] = {
        "rows": json.loads(frame.sort_values("id").to_json(orient="values", date_format="iso")),
        "types": {c: str(t) for c, t in frame.dtypes.items()},
    }
found["left"] = [t["Name"] for t in wr.catalog.get_tables(database=database)]
print(json.dumps(found, default=str))
