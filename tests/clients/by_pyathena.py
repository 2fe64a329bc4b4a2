"""PyAthena: its plain cursor, its pandas cursor, which reads the object that Athena wrote, and SQLAlchemy."""

import json
import sys

from pyathena import connect
from pyathena.pandas.cursor import PandasCursor
from sqlalchemy import create_engine, inspect, text

staging, database, region, workgroup = sys.argv[1:]
sql = "SELECT * FROM sales ORDER BY id"
given = {"s3_staging_dir": staging, "schema_name": database, "region_name": region, "work_group": workgroup}
with connect(**given) as connection:
    plain = connection.cursor()
    rows = plain.execute(sql).fetchall()
    types = [(d[0], d[1], d[4], d[5]) for d in plain.description]
    named = plain.execute(
        "SELECT count(*) FROM sales WHERE shop = %(shop)s", {"shop": 'O\'Hara, "B"'}
    ).fetchall()
    listed = plain.execute("SHOW TABLES").fetchall()
    failed = ""
    try:
        plain.execute("SELECT nothing FROM sales")
    except Exception as error:  # noqa: BLE001 - what a user would see
        failed = str(error)
with connect(**given, cursor_class=PandasCursor) as connection:
    frame = connection.cursor().execute(sql).as_pandas()
engine = create_engine(
    f"awsathena+rest://@athena.{region}.amazonaws.com:443/{database}?s3_staging_dir={staging}"
)
with engine.connect() as connection:
    total = connection.execute(text("SELECT sum(price) FROM sales")).scalar()
    columns = [c["name"] for c in inspect(connection).get_columns("sales")]
print(
    json.dumps(
        {
            "rows": rows,
            "types": types,
            "named": named,
            "listed": listed,
            "failed": failed,
            "frame": json.loads(frame.to_json(orient="values", date_format="iso")),
            "total": total,
            "columns": columns,
        },
        default=str,
    )
)
