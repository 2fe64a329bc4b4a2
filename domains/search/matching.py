"""Keywords of the searches → titles of the catalogue.

Only distinct keywords that the current catalogue has not matched yet are matched.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from domains.search.keywords.normaliser import Normaliser, version
from glue_scripts.engine.gold import Lake

COLUMNS = (
    "keyword string, keyword_text string, keyword_slug string, status string, kind string, score double,"
    " title string, title_slug string, runner_up string, runner_up_score double"
)
KEYWORDS_PER_TASK = 5_000


def titles(lake: Lake) -> list[str]:
    return sorted(
        {
            row["title"]
            for row in lake.table("movies").where("title IS NOT NULL").select("title").distinct().collect()
        }
    )


def keyword_matches(lake: Lake) -> DataFrame:
    """The matches that the table lacks for this catalogue; all of them in a full refresh, which replaces the
    table.

    The index is broadcast; a task matches thousands of keywords at once.
    """
    catalogue = titles(lake)
    known = (
        lake.table("keyword_matches").where(F.col("index_version") == version(catalogue)).select("keyword")
    )
    searched = lake.touched("searches").where("keyword IS NOT NULL").select("keyword").distinct()
    fresh = (
        searched if lake.job.full_refresh else searched.join(known, "keyword", "left_anti")
    ).localCheckpoint()
    keywords = fresh.count()
    if not keywords:
        return lake.spark.createDataFrame([], f"index_version string, {COLUMNS}")
    index = lake.spark.sparkContext.broadcast(Normaliser.of(catalogue))

    def match(batches: Iterable[Any]) -> Iterator[Any]:
        from domains.search.matching import matched

        for batch in batches:
            yield matched(batch, index.value)

    tasks = -(-keywords // KEYWORDS_PER_TASK)
    matches = (
        fresh.repartition(tasks)
        .mapInPandas(match, COLUMNS)
        .withColumn("index_version", F.lit(version(catalogue)))
    )
    return matches.localCheckpoint()


def matched(keywords: Any, normaliser: Normaliser) -> Any:
    """A frame of keywords → the frame of COLUMNS."""
    import pandas as pd

    from domains.search.keywords.text import slug

    texts = [" ".join(unicodedata.normalize("NFC", k).split()) for k in keywords["keyword"]]
    rows = [
        (k, text, slug(text), m.status, m.kind, m.score, m.title, m.slug, m.runner_up, m.runner_up_score)
        for k, text, m in zip(keywords["keyword"], texts, normaliser.matches(texts), strict=True)
    ]
    return pd.DataFrame(rows, columns=[c.split()[0] for c in COLUMNS.split(", ")])


def customer_search_keynormalize(lake: Lake) -> DataFrame:
    """Every search; what is only fit for review keeps its score, but counts as no title.

    Films of one title: the genres of the first id.
    """
    current = lake.table("keyword_matches").where(F.col("index_version") == version(titles(lake)))
    films = (
        lake.table("movies")
        .where("title IS NOT NULL")
        .groupBy("title")
        .agg(F.expr("min_by(genres, id)").alias("genres"))
    )
    genres = "concat_ws('; ', filter(transform(split(genres, ','), g -> trim(g)), g -> g <> ''))"
    matches = current.join(films, "title", "left").selectExpr(
        "keyword",
        "keyword_text",
        "keyword_slug",
        "status",
        "score",
        "CASE WHEN status = 'matched' THEN title END AS matched_title",
        "CASE WHEN status = 'matched' THEN title_slug END AS matched_slug",
        f"CASE WHEN status = 'matched' THEN nullif({genres}, '') END AS matched_genres",
    )
    return lake.touched("searches").join(matches, "keyword", "left").selectExpr(
        "event_id",
        "date_format(event_date, 'yyyyMMdd') AS date_key",
        "date_log",
        "user_id",
        "keyword_text AS original_keyword",
        "keyword_slug AS original_keyword_slug",
        "matched_title AS keyword_normalized",
        "matched_slug AS keyword_normalized_slug",
        "score AS match_score",
        "status AS match_status",
        "matched_genres AS keyword_category",
        "category",
        "proxy_isp",
        "platform",
        "networktype",
        "action",
        "event_date",
    )  # fmt: skip
