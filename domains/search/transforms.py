"""Silver and gold of the search domain. The contract describes each table; each function here is its rule."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import StructField, StructType

from domains.search.matching import customer_search_keynormalize, keyword_matches
from glue_scripts.engine.gold import Lake, Transform

UNKNOWN, UNKNOWN_KEY, GUEST = "unknown", -1, "00000000"
PLANS = "from_json(user_plans, 'array<string>')"
DATE_KEY = "CAST(date_format(event_date, 'yyyyMMdd') AS int)"
CALENDAR = "event_date BETWEEN DATE'2020-01-01' AND DATE'2030-12-31'"
NETWORK_TYPES = {
    "wifi": "wifi",
    "ethernet": "ethernet",
    "wwan": "cellular",
    "cellular": "cellular",
    "mobile": "cellular",
    "3g": "cellular",
    "4g": "cellular",
    "5g": "cellular",
    "tethering": "tethering",
    "none": "no_internet",
    "no_internet": "no_internet",
    "no internet": "no_internet",
}
CATEGORY_COLUMNS = ("main", "sub1", "sub2", "sub3")


def _key(*natural: str) -> Column:
    """A 64-bit hash of the natural key that no load order changes; -1 is kept for the unknown member."""
    return F.expr(
        f"CASE xxhash64({', '.join(natural)}) WHEN {UNKNOWN_KEY} THEN 0 ELSE"
        f" xxhash64({', '.join(natural)}) END"
    )


def _with_unknown(members: DataFrame, **unknown: object) -> DataFrame:
    schema = StructType([StructField(f.name, f.dataType) for f in members.schema])
    return members.unionByName(
        members.sparkSession.createDataFrame([tuple(unknown.get(f.name) for f in schema)], schema)
    )


def user_plans_map(lake: Lake) -> DataFrame:
    """`name:type`; a plan without type has an empty one. The same plan twice in a search is one."""
    plans = lake.touched("searches").selectExpr(
        "event_id", "user_id", "date_log", "event_date", f"explode({PLANS}) AS plan"
    )
    return plans.where("trim(plan) <> ''").selectExpr(
        "event_id",
        "user_id",
        "trim(substring_index(plan, ':', 1)) AS plan_name",
        "CASE WHEN instr(plan, ':') > 0 THEN trim(substr(plan, instr(plan, ':') + 1)) ELSE '' END"
        " AS plan_type",
        "date_log AS search_datetime",
        "event_date AS date_log",
        "event_date",
    ).distinct()  # fmt: skip


def dim_date(lake: Lake) -> DataFrame:
    days = lake.spark.sql("SELECT explode(sequence(DATE'2020-01-01', DATE'2030-12-31')) AS event_date")
    known = days.selectExpr(
        f"{DATE_KEY} AS date_key",
        "event_date AS date",
        *(f"{part}(event_date) AS {part}" for part in ("year", "quarter", "month", "day")),
        "weekday(event_date) + 1 AS day_of_week",
        "weekday(event_date) >= 5 AS is_weekend",
    )
    return _with_unknown(known, date_key=UNKNOWN_KEY)


def dim_category(lake: Lake) -> DataFrame:
    """Genres that differ in case or accents are one, spelled as the alphabetically first does."""
    genres = (
        lake.table("movies")
        .selectExpr("explode(split(genres, ',')) AS genre")
        .selectExpr("trim(genre) AS category_name")
    )
    slugged = genres.where("category_name <> ''").selectExpr(
        "category_name", f"{_genre_slug('category_name')} AS category_slug"
    )
    members = slugged.groupBy("category_slug").agg(F.min("category_name").alias("category_name"))
    return _with_unknown(
        members.withColumn("category_key", _key("category_slug")),
        category_key=UNKNOWN_KEY,
        category_name=UNKNOWN,
        category_slug=UNKNOWN,
    )


def _genre_slug(name: str) -> str:
    return f"regexp_replace(lower(trim({name})), '[^\\\\p{{L}}\\\\p{{N}}]+', '-')"


def _platforms(searches: DataFrame) -> DataFrame:
    """With `device_type` and `platform_key`; a search without platform has the unknown member."""
    device = (
        "CASE WHEN platform IS NULL THEN 'unknown' WHEN platform LIKE '%smart%' THEN 'smarttv' WHEN platform"
        " LIKE '%ottbox%' THEN 'ottbox' WHEN platform LIKE '%web%' THEN 'web' WHEN platform RLIKE"
        " '\\\\b(android|ios)\\\\b' THEN 'mobile' ELSE 'others' END"
    )
    key = F.when(F.col("platform").isNull(), UNKNOWN_KEY).otherwise(_key("platform"))
    return searches.withColumn("device_type", F.expr(device)).withColumn("platform_key", key)


def dim_platform(lake: Lake) -> DataFrame:
    members = (
        _platforms(lake.touched("searches"))
        .where("platform IS NOT NULL")
        .select("platform_key", "platform", "device_type")
        .distinct()
    )
    return _with_unknown(members, platform_key=UNKNOWN_KEY, platform=UNKNOWN, device_type=UNKNOWN)


def _networks(lake: Lake, searches: DataFrame) -> DataFrame:
    """With `network_type`, `isp_group`, `isp` and `network_key`; a search that says nothing of its network
    has the unknown member.
    """
    kinds = " ".join(f"WHEN '{sent}' THEN '{kind}'" for sent, kind in NETWORK_TYPES.items())
    kind = (
        "CASE WHEN networktype IS NULL OR networktype RLIKE '^#*$' THEN 'unknown' ELSE CASE networktype"
        f" {kinds} ELSE 'others' END END"
    )
    groups = " ".join(
        f"WHEN proxy_isp RLIKE '{'|'.join(lake.parameter(f'{group}_isps'))}' THEN '{group}'"
        for group in ("local", "international")
    )
    networks = searches.withColumn("network_type", F.expr(kind)).withColumn(
        "isp", F.coalesce("proxy_isp", F.lit(UNKNOWN))
    )
    nothing = (F.col("isp") == UNKNOWN) & (F.col("network_type") == UNKNOWN)
    group = F.expr(f"CASE {groups} ELSE 'unknown' END")
    return networks.withColumn("isp_group", group).withColumn(
        "network_key", F.when(nothing, UNKNOWN_KEY).otherwise(_key("isp", "network_type"))
    )


def dim_network(lake: Lake) -> DataFrame:
    networks = _networks(lake, lake.touched("searches")).where(f"network_key <> {UNKNOWN_KEY}")
    members = networks.selectExpr("network_key", "isp AS proxy_isp", "network_type", "isp_group").distinct()
    return _with_unknown(
        members, network_key=UNKNOWN_KEY, proxy_isp=UNKNOWN, network_type=UNKNOWN, isp_group=UNKNOWN
    )


def dim_user(lake: Lake) -> DataFrame:
    """First and last over all searches of a touched user, so a backfill is right."""
    users = (
        lake.touched("searches")
        .groupBy("user_id")
        .agg(F.min("date_log").alias("first_search_dt"), F.max("date_log").alias("last_search_dt"))
    )
    members = users.withColumn(
        "user_type", F.expr(f"CASE user_id WHEN '{GUEST}' THEN 'guest' ELSE 'registered' END")
    )
    return (
        _with_unknown(members, user_id=str(UNKNOWN_KEY), user_type=UNKNOWN)
        if lake.scope.everything
        else members
    )


def dim_subscription(lake: Lake) -> DataFrame:
    plans = user_plans_map(lake).select("plan_name", "plan_type").distinct()
    free = "|".join(lake.parameter("free_plans"))
    paid = F.expr(f"CASE WHEN lower(concat_ws(':', plan_name, plan_type)) RLIKE '{free}' THEN 0 ELSE 1 END")
    members = plans.withColumn("subscription_key", _key("plan_name", "plan_type")).withColumn("is_paid", paid)
    return _with_unknown(members, subscription_key=UNKNOWN_KEY, plan_name=UNKNOWN, plan_type=UNKNOWN)


def bridge_user_plan(lake: Lake) -> DataFrame:
    """Of a user's searches in their order (equal times: by event_id): a plan is in effect when the last one
    carries it.

    Guests have no plans. `recent`: the first search of the latest stretch of searches that all carry the
    plan.
    """
    searches = (
        lake.touched("searches")
        .where(f"user_id <> '{GUEST}'")
        .select("event_id", "user_id", "date_log", "event_date")
    )
    plans = (
        user_plans_map(lake)
        .where(f"user_id <> '{GUEST}'")
        .select("event_id", "user_id", "plan_name", "plan_type")
    )
    had = plans.select("event_id", "plan_name", "plan_type").withColumn("has", F.lit(True))
    pairs = searches.join(plans.select("user_id", "plan_name", "plan_type").distinct(), "user_id", "inner")
    steps = pairs.join(had, ["event_id", "plan_name", "plan_type"], "left").withColumn(
        "has", F.coalesce("has", F.lit(False))
    )
    of_plan = ("user_id", "plan_name", "plan_type")
    in_order = Window.partitionBy(*of_plan).orderBy("date_log", "event_id")
    stretches = steps.withColumn(
        "stretch", F.count_if(~F.col("has")).over(in_order.rowsBetween(Window.unboundedPreceding, 0))
    )
    latest = F.max(F.when(F.col("has"), F.col("stretch"))).over(Window.partitionBy(*of_plan))
    user_plans = stretches.withColumn("latest", latest).groupBy(*of_plan).agg(
        F.expr("max_by(has, struct(date_log, event_id))").alias("is_effective"),
        F.expr("min(event_date) FILTER (WHERE has)").alias("first_effective_date"),
        F.expr("min(event_date) FILTER (WHERE has AND stretch = latest)").alias("recent_effective_date"),
        F.expr("max(event_date) FILTER (WHERE has)").alias("last_effective_date"),
    )  # fmt: skip
    keyed = user_plans.withColumn("subscription_key", _key("plan_name", "plan_type"))
    return keyed.withColumn("user_plan_key", _key("user_id", "plan_name", "plan_type")).drop(
        "plan_name", "plan_type"
    )


def fact_customer_search(lake: Lake) -> DataFrame:
    rows = _networks(lake, _platforms(lake.touched("customer_search_keynormalize"))).withColumn(
        "genres", F.split("keyword_category", "; ")
    )
    return rows.selectExpr(
        "event_id",
        "date_log AS datetime_log",
        f"CASE WHEN {CALENDAR} THEN {DATE_KEY} ELSE {UNKNOWN_KEY} END AS date_key",
        "user_id",
        "coalesce(keyword_normalized, original_keyword) AS keyword",
        "coalesce(keyword_normalized_slug, original_keyword_slug) AS keyword_slug",
        "category",
        "action",
        "network_key",
        "platform_key",
        *(f"get(genres, {i}) AS {name}_keyword_category" for i, name in enumerate(CATEGORY_COLUMNS)),
        "event_date",
    )


def bridge_search_category(lake: Lake) -> DataFrame:
    """A genre that a title lists twice counts where it stands first; a search without genres has the unknown
    one.
    """
    rows = lake.touched("customer_search_keynormalize")
    listed = rows.selectExpr(
        "event_id", "event_date", "posexplode_outer(split(keyword_category, '; ')) AS (place, genre)"
    )
    slugged = listed.withColumn("slug", F.expr(_genre_slug("genre")))
    key = F.when(F.col("genre").isNull(), UNKNOWN_KEY).otherwise(_key("slug"))
    return slugged.withColumn("category_key", key).groupBy("event_id", "event_date", "category_key").agg(
        (F.coalesce(F.min("place"), F.lit(0)) + 1).alias("position")
    )  # fmt: skip


def search_event(lake: Lake) -> DataFrame:
    planned = lake.touched("user_plans_map").select("event_id").distinct().withColumn("planned", F.lit(True))
    rows = _networks(lake, _platforms(lake.touched("customer_search_keynormalize"))).join(
        planned, "event_id", "left"
    )
    state = f"CASE WHEN user_id = '{GUEST}' THEN 'guest' WHEN planned THEN 'plan' ELSE 'noplan' END"
    slot = (
        "element_at(array('night', 'morning', 'afternoon', 'evening'), CAST(floor(hour(date_log) / 6) AS int)"
        " + 1)"
    )
    return rows.selectExpr(
        "event_id",
        "date_log AS datetime_log",
        *(f"{part}(date_log) AS {part}" for part in ("year", "month", "day", "hour")),
        f"{slot} AS time_slot",
        f"{state} AS user_state",
        "device_type",
        "network_type",
        "isp_group",
        "coalesce(keyword_normalized, original_keyword) AS keyword",
        "match_status",
        "keyword_category AS categories",
        "event_date",
    )


def plan_users(lake: Lake) -> DataFrame:
    """Guests have no plans."""
    plans = lake.table("user_plans_map").where(f"user_id <> '{GUEST}'")
    month = F.expr("CAST(date_trunc('month', date_log) AS date)").alias("month")
    return plans.groupBy(month, "plan_name", "plan_type").agg(F.countDistinct("user_id").alias("users"))


SILVER: dict[str, Transform] = {
    "keyword_matches": keyword_matches,
    "customer_search_keynormalize": customer_search_keynormalize,
    "user_plans_map": user_plans_map,
}
GOLD: dict[str, Transform] = {
    "dim_date": dim_date,
    "dim_category": dim_category,
    "dim_platform": dim_platform,
    "dim_network": dim_network,
    "dim_user": dim_user,
    "dim_subscription": dim_subscription,
    "bridge_user_plan": bridge_user_plan,
    "fact_customer_search": fact_customer_search,
    "bridge_search_category": bridge_search_category,
    "search_event": search_event,
    "plan_users": plan_users,
}
