"""What is read of Spark's plans: Catalyst's own objects, asked through py4j.

A call costs about a tenth of a millisecond, so lists of attributes come as one text. `toJSON` of a plan would
be one call, and is not used: it repeats the branches of each CASE beside them, level by level.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

# What is raised where objects are others than this Spark is known to have: by py4j, by PySpark for errors of
# Java that it knows, and by what is made of an answer. What lineage asks of Spark is asked under these.
OTHER_SPARK = (Py4JError, PySparkException, TypeError, ValueError, LookupError, AttributeError)
BETWEEN = "\x01"  # attributes in a text; no name has it
NAMED = " AS "
ATTRIBUTE = re.compile(r"(.*)#(\d+)[^#]*", re.DOTALL)  # as Catalyst shows one: its name, its id, its kind
# Of rows that a run restricted to what changed: how they were chosen is no part of what a table is made of.
SCOPED = "lakehouse.scoped"
# Parts of an expression that are not just computed with.
APART = ("CASE_WHEN", "IF", "AGGREGATE_EXPRESSION", "WINDOW_EXPRESSION", "PLAN_EXPRESSION", "OUTER_REFERENCE")


def each(found: Any) -> Iterator[Any]:
    """The elements of a list of Scala's."""
    return (found.apply(i) for i in range(found.size()))


def named(found: Any) -> Iterator[tuple[int, int]]:
    """The columns of a list of expressions, each with its place there, but for those that are surely
    attributes as they are.
    """
    text = found.mkString(BETWEEN)
    if NAMED not in text:
        return
    shown = text.split(BETWEEN)
    if len(shown) != found.size():  # a text of the expressions has the sign
        raise ValueError("expressions that cannot be told apart")
    for place, expression in enumerate(shown):
        if NAMED in expression:
            yield _attribute(expression)[1], place


def attributes(found: Any) -> list[tuple[str, int]]:
    """Names and ids of a list of attributes. Raises ValueError for one that is shown in another way."""
    shown = found.mkString(BETWEEN)
    return [_attribute(text) for text in shown.split(BETWEEN)] if shown else []


def _attribute(text: str) -> tuple[str, int]:
    if (match := ATTRIBUTE.fullmatch(text)) is None:
        raise ValueError("an attribute without id")
    return match[1], int(match[2])


def scoped(rows: DataFrame) -> DataFrame:
    """The rows of a table, marked as chosen for this run only."""
    with suppress(*OTHER_SPARK):  # then the choice is taken for a part
        rows._jdf.logicalPlan().setTagValue(tag(rows.sparkSession), True)
    return rows


def tag(spark: SparkSession) -> Any:
    jvm: Any = spark._jvm
    return jvm.org.apache.spark.sql.catalyst.trees.TreeNodeTag(SCOPED)


def made_by_driver(rdd: Any) -> bool:
    """Whether Spark got the rows from the driver, and has read none."""
    while (sources := rdd.dependencies()).size() == 1:
        rdd = sources.head().rdd()
    return bool(sources.isEmpty()) and rdd.getClass().getSimpleName() == "ParallelCollectionRDD"


def id_of(named: Any) -> int:
    return int(named.exprId().id())


def patterns(spark: SparkSession, names: Sequence[str] = APART) -> Any:
    """The marks by which an expression is asked whether it has such parts, at any depth, in one call."""
    jvm: Any = spark._jvm
    listed = jvm.java.util.ArrayList()
    for name in names:
        listed.add(getattr(jvm.org.apache.spark.sql.catalyst.trees.TreePattern, name)())
    return jvm.scala.jdk.javaapi.CollectionConverters.asScala(listed).toSeq()
