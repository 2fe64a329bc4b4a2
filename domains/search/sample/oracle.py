"""What must come of the sample, from the clean truth alone, by DuckDB. Knows nothing of the product."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from domains import oracle as duck
from domains.search.sample.truth import ISPS, NETWORKS, PLATFORMS, Film, Search

VIEWS = """
create view s as select *, coalesce(user_id, '00000000') as who,
  cast(moment as date) as event_date from searches;
create view p as select event_id, who, moment, event_date, unnest(plans) as plan from s;
create view named as select *, split_part(plan, ':', 1) as plan_name, split_part(plan, ':',
  2) as plan_type from p;
create view pairs as select distinct who, plan_name, plan_type from named where who <> '00000000';
create view steps as select q.*, s.event_id, s.moment, s.event_date,
    exists
      (from
      named
      n where n.event_id = s.event_id and n.plan_name = q.plan_name and n.plan_type = q.plan_type) as has
    from pairs q join s on s.who = q.who;
create view plan_use as select who, plan_name, plan_type, arg_max(has, (moment, event_id)) as effective,
    min(event_date) filter (where has) as first_date,
      max(event_date) filter (where has) as last_date from steps group by all;
create view genres as select event_id,
  unnest(case when len(genres) > 0 then genres else ['unknown'] end) as genre from s;
"""
TABLES = {
    "silver/searches": "s",
    "silver/movies": "films",
    "silver/keyword_matches": "(select distinct keyword from sent)",
    "silver/customer_search_keynormalize": "s",
    "silver/user_plans_map": "named",
    "gold/dim_date": (
        "(select unnest(generate_series(date '2020-01-01', date '2030-12-31', interval 1 day)) union all"
        " select null)"
    ),
    "gold/dim_category": "(select distinct unnest(genres) from films union all select null)",
    "gold/dim_platform": "(select distinct platform from s where platform is not null union all select null)",
    "gold/dim_network": "(select distinct coalesce(proxy_isp, 'unknown'), network_type from s)",
    "gold/dim_user": "(select distinct who from s union all select '-1')",
    "gold/dim_subscription": "(select distinct plan_name, plan_type from named union all select null, null)",
    "gold/bridge_user_plan": "plan_use",
    "gold/fact_customer_search": "s",
    "gold/bridge_search_category": "genres",
    "gold/search_event": "s",
    "gold/plan_users": (
        "(select distinct date_trunc('month', moment), plan_name, plan_type from named where who <>"
        " '00000000')"
    ),
}
REPORTS = {
    "searches_by_day": (
        "select event_date, case when who = '00000000' then 'guest' when len(plans) > 0 then 'plan' else"
        " 'noplan' end as user_state, count(*) as searches from s group by all order by all"
    ),
    "devices_and_networks": (
        "select device_type, network_type, isp_group, count(*) as searches from s group by all order by all"
    ),
    "plans": (
        "select plan_name, plan_type, case when plan_type = 'GIFTCODE' then 0 else 1 end as is_paid, count(*)"
        " as users, count(*) filter (where effective) as effective from plan_use group by all order by"
        " plan_name, plan_type"
    ),
    "genres": "select genre as category_name, count(*) as searches from genres group by all order by all",
}


def write_truth(folder: Path, searches: list[Search], known: list[Film], sent: set[str]) -> None:
    """`sent`: the distinct keywords as files spell them, trimmed."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "event_id": s.event_id,
            "moment": s.when,
            "user_id": s.user_id,
            "keyword": s.keyword,
            "kind": s.kind,
            "title": s.film.title if s.film else None,
            "genres": list(s.film.genres) if s.film else [],
            "proxy_isp": s.proxy_isp,
            "isp_group": ISPS[s.proxy_isp],
            "platform": s.platform,
            "device_type": PLATFORMS[s.platform] if s.platform else "unknown",
            "network_type": NETWORKS[s.network],
            "plans": list(s.plans),
        }
        for s in searches
    ]
    types = {"moment": pa.timestamp("us"), "genres": pa.list_(pa.string()), "plans": pa.list_(pa.string())}
    pq.write_table(
        pa.Table.from_pylist(rows, pa.schema([(n, types.get(n, pa.string())) for n in rows[0]])),
        folder / "searches.parquet",
    )
    catalogue = pa.table(
        {
            "title": [f.title for f in known],
            "genres": pa.array([list(f.genres) for f in known], pa.list_(pa.string())),
        }
    )
    pq.write_table(catalogue, folder / "films.parquet")
    pq.write_table(pa.table({"keyword": sorted(sent)}), folder / "sent.parquet")


def gold(folder: Path) -> dict[str, Any]:
    """Row counts of all tables, and the headlines."""
    with duck.connected(folder) as con:
        con.execute(VIEWS)
        counts = {n: duck.count(con, rows) for n, rows in TABLES.items()}
        return {"tables": counts, **{name: duck.records(con, sql) for name, sql in REPORTS.items()}}
