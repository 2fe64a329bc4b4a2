"""The shipped sample of searches through the real engine, against its clean truth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from domains.samples import sample_of
from domains.search.sample.oracle import REPORTS
from tests.support.figures import ACCOUNTED, Noted, accounted
from tests.support.rig import Rig, truth


def test_the_sample_comes_out_as_its_clean_truth(rig: Callable[..., Rig], tmp_path: Path, figures: Noted):
    expected = sample_of("search").generate(2500, 3, 3, tmp_path, progress=False)
    lake = rig("searchsample", "search")
    outcomes = lake.drop_all(
        tmp_path / "raw", sorted(f for f in (tmp_path / "raw").rglob("*") if f.is_file())
    )
    assert {**outcomes, "received": sum(outcomes.values())} == expected["files"]
    results = lake.run("run-1")
    found = {n: {k: getattr(r.rows, k) for k in expected["rows"][n]} for n, r in results.items()}
    assert found == expected["rows"]
    figures(ACCOUNTED, "search sample", accounted(found))
    assert (
        json.loads(json.dumps(sum((Counter(r.reasons) for r in results.values()), Counter())))
        == expected["quarantine"]
    )
    assert {t: len(lake.rows(t.replace("/", "."))) for t in expected["tables"]} == expected["tables"]
    days = lake.table("gold.search_event").groupBy("event_date", "user_state").count().collect()
    wanted = {(str(r["event_date"]), r["user_state"]): r["searches"] for r in expected["searches_by_day"]}
    assert {(str(r[0]), r[1]): r[2] for r in days} == wanted
    assert set(REPORTS) <= expected.keys()
    devices = (
        lake.table("gold.search_event").groupBy("device_type", "network_type", "isp_group").count().collect()
    )
    assert {tuple(r) for r in devices} == {tuple(r.values()) for r in expected["devices_and_networks"]}
    meant = dict(truth(tmp_path / "truth", "select event_id, title from searches where title is not null")[1])
    spoiled = truth(
        tmp_path / "truth",
        "select event_id from searches where kind in ('one_typo', 'word_order', 'extra_words', 'telex', 'truncation')",
    )[1]
    matched = dict(lake.rows("silver.customer_search_keynormalize", "event_id", "keyword_normalized"))
    right = [matched[e] == meant[e] for (e,) in spoiled]
    assert sum(right) / len(right) > 0.8
    assert all(matched[e] == t for e, t in meant.items() if (e,) not in set(spoiled))
