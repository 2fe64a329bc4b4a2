"""What bronze to silver does, done by DuckDB: the same files in, the same judged, deduplicated and
partitioned rows out.

Run as a program: `python -m cli.bench._duck DOMAIN FILES OUT`, where FILES is the JSON of `_lake.profiles`;
prints the rows of each table as JSON. The SQL is its own, so the counts also check Spark's.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

from shared.contracts import Contract, Dataset, Table, contract, folded

# the spellings and bounds of ecommerce's contract, said again: an oracle does not ask the product
EARLIEST = "timestamp '2000-01-01'"
COMPRESSIONS = {"none": "uncompressed", "gzip": "gzip"}
MACROS = r"""
create macro cleaned(x) as nullif(trim(x, e' \t\r\n' || chr(160)), '');
create macro bare(x) as case when regexp_full_match(trim(translate(x, '$€£¥₫₹', '')),
  '[+-]?\d{1,3}(,\d{3})+(\.\d+)?')
    then replace(trim(translate(x, '$€£¥₫₹', '')), ',', '') else trim(translate(x, '$€£¥₫₹', '')) end;
create macro exact(x) as coalesce(try_cast(x as decimal(38,18)), try_cast(bare(x) as decimal(38,18)));
create macro money(x) as case when exact(x) = round(exact(x), 2) then try_cast(exact(x) as decimal(18,2)) end;
create macro whole(x) as coalesce(try_cast(case when regexp_full_match(x, '[+-]?\d+') then x end as int),
    case when exact(x) = round(exact(x), 0) then try_cast(exact(x) as int) end);
create
  macro
  real_number(x) as case when isfinite(try_cast(bare(x) as double)) then try_cast(bare(x) as double) end;
create macro epoch_of(n) as case when abs(n) < 100000000000 then make_timestamp((n * 1000000)::bigint)
    when abs(n) < 100000000000000 then make_timestamp((n * 1000)::bigint) else make_timestamp(n::bigint) end;
create macro moment(x) as case
    when substr(x, 5, 1) = '-' and length(x) >= 10 then
        case when regexp_matches(x, '(Z|z|[+-]\d{2}(:?\d{2})?)$') and length(x) > 10
            then try_cast(upper(replace(x, ',', '.'))
              as timestamptz)::timestamp else try_cast(replace(x, ',', '.') as timestamp) end
    when regexp_full_match(x, '-?\d{6,17}(\.\d{1,9})?') then epoch_of(try_cast(x as decimal(38,9)))
    when substr(x, 3, 1) = '/' then try_strptime(x, '%d/%m/%Y')
    when substr(x, 3, 1) = '-' then try_strptime(x, '%m-%d-%Y %H:%M') end;
"""
CASTS = {"timestamp": "moment", "int": "whole", "double": "real_number", "decimal(18,2)": "money"}


def main(domain: str, files: Path, out: Path) -> dict[str, int]:
    """Rows of each table written below `out`."""
    con = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    con.execute("set timezone = 'UTC'")
    con.execute(MACROS)
    agreed, listed = contract(domain), json.loads(files.read_text())
    counts: dict[str, int] = {}
    for dataset in agreed.datasets:
        own = [(i, f) for i, f in enumerate(listed) if f["dataset"] == dataset.name]
        counts |= _load(con, agreed, dataset, own, out)
    return counts


def _load(
    con: duckdb.DuckDBPyConnection,
    agreed: Contract,
    dataset: Dataset,
    files: list[tuple[int, Any]],
    out: Path,
) -> dict[str, int]:
    """Reads, casts and judges once; writes the good rows and the bad ones."""
    table, names = dataset.target, [c.name for c in dataset.target.columns if c.name != "event_date"]
    con.execute("create or replace table files (path varchar, number int, ingested_at timestamp)")
    con.executemany(
        "insert into files values (?, ?, ?)", [(f["path"], i, f["ingested_at"]) for i, f in files]
    )
    source = " union all by name ".join(
        _read(dataset, names, group) for group in _grouped([f for _, f in files])
    )
    nulls = ", ".join(f"'{s}'" for s in agreed.null_spellings)
    texts = ", ".join(
        f"case when lower(cleaned({n})) not in ({nulls}) then cleaned({n}) end as t_{n}" for n in names
    )
    typed = ", ".join(f"{_cast(table, n)} as {n}" for n in names)
    con.execute(
        f"create or replace table judged as with texts as (select path, raw, extra, {texts} from ({source})),"
        f" typed as (select *, {typed} from texts), known as (select t.*, f.number, f.ingested_at from typed"
        f" t join files f using (path)) select *, {dataset.event_date_column}::date as event_date,"
        f" {_reasons(dataset, names)} as reasons from known"
    )
    quarantine = out / "quarantine" / dataset.name
    quarantine.mkdir(parents=True)
    received = ", ".join(f"{n} := t_{n}" for n in names)
    con.execute(
        f"copy (select reasons, coalesce(raw, to_json(struct_pack({received}, _extra := extra))::varchar) as"
        f" raw_record, path, ingested_at from judged where len(reasons) > 0) to '{quarantine}/rows.parquet'"
        " (format parquet, compression zstd)"
    )
    counts = {f"quarantine/{dataset.name}": _count(con, "judged where len(reasons) > 0")}
    key = (
        [*table.primary_key, str(dataset.event_date_column), *names]
        if table.kind == "log"
        else list(table.primary_key)
    )
    order = ", ".join([*(f"{c} desc nulls last" for c in table.order), "number desc"])
    con.execute(
        f"create or replace table kept as select {', '.join(names)}, event_date, path as _source_file,"
        " ingested_at as _ingested_at, 'bench' as _run_id, extra as _extra from judged where len(reasons) ="
        f" 0 qualify row_number() over (partition by {', '.join(dict.fromkeys(key))} order by {order}) = 1"
    )
    counts[f"silver/{table.name}"] = _write(con, "select * from kept", out / "silver" / table.name)
    for follower in (t for t in agreed.silver if table.name in t.sources and t.kind in FOLLOWERS):
        counts[f"silver/{follower.name}"] = _write(
            con, FOLLOWERS[follower.kind](follower), out / "silver" / follower.name
        )
    return counts


def _cast(table: Table, name: str) -> str:
    column = table.column(name)
    if column.type == "string":
        return f"{column.case}(t_{name})" if column.case else f"t_{name}"
    return f"{CASTS[column.type]}(t_{name})"


def _grouped(files: list[Any]) -> list[list[Any]]:
    """Files that one reader takes together: of one shape, and without two names that differ in case only,
    which DuckDB takes for one.
    """
    groups: list[tuple[tuple[Any, ...], dict[str, str], list[Any]]] = []
    for file in files:
        columns = tuple(file["columns"]) if file["format"] == "parquet" else ()
        shape = (file["format"], file["compression"], file["delimiter"], columns, tuple(file["types"]))
        own = {c.lower(): c for c in file["columns"]}
        for known, spelled, group in groups:
            if known == shape and all(spelled.get(low, c) == c for low, c in own.items()):
                spelled.update(own)
                group.append(file)
                break
        else:
            groups.append((shape, dict(own), [file]))
    return [group for _, _, group in groups]


def _read(dataset: Dataset, names: list[str], group: list[Any]) -> str:
    """A query over files of one shape: `path`, the columns as text, the others as `extra`, unreadable lines
    as `raw`.
    """
    first, paths = group[0], "[" + ", ".join(f"'{f['path']}'" for f in group) + "]"
    received = list(dict.fromkeys(c for f in group for c in f["columns"]))
    squeeze, raw = f"compression = '{COMPRESSIONS[first['compression']]}'", "null"
    if first["format"] == "parquet":
        source = f"read_parquet({paths}, filename = 'path')"
    elif first["format"] == "csv":
        # A line of another width is a bad row: what it lacks is null, and its first cell is kept.
        source = (
            f"read_csv({paths}, delim = '{first['delimiter']}', header = true, all_varchar = true,"
            " union_by_name = true, null_padding = true, quote = '\"', escape = '\"', filename = 'path',"
            f" {squeeze})"
        )
    else:
        form = "array" if first["format"] == "json" else "newline_delimited"
        columns = ", ".join(f"{_name(c)}: 'VARCHAR'" for c in received)
        ignore = ", ignore_errors = true" if form == "newline_delimited" else ""
        source = (
            f"read_json({paths}, format = '{form}', columns = {{{columns}}}, filename = 'path',"
            f" {squeeze}{ignore})"
        )
        raw = (
            f"case when coalesce({', '.join(f'{_quoted(c)}::varchar' for c in received)}) is null then"
            " 'unreadable' end"
        )
    spellings: dict[str, list[str]] = defaultdict(list)
    for c in received:
        spellings[dataset.aliases.get(folded(c), "")].append(f"{_quoted(c)}::varchar")
    columns = ", ".join(f"coalesce({', '.join(spellings.get(n, ['null::varchar']))}) as {n}" for n in names)
    extra = _extra([c for c in received if folded(c) not in dataset.aliases])
    return f"select path, {raw}::varchar as raw, {extra} as extra, {columns} from {source}"


def _extra(unknown: list[str]) -> str:
    if not unknown:
        return "null::map(varchar, varchar)"
    pairs = ", ".join(f"{{'k': {_name(c)}, 'v': {_quoted(c)}::varchar}}" for c in unknown)
    return f"map_from_entries(list_filter([{pairs}], lambda e: e.v is not null))"


def _reasons(dataset: Dataset, names: list[str]) -> str:
    """All reasons of a row, from the domain page's rules."""
    table, when = dataset.target, dataset.event_date_column
    tests = [("raw is not null", "corrupt_record")]
    tests += [(f"raw is null and {k} is null", "missing_key") for k in table.primary_key]
    tests += [(f"raw is null and t_{when} is null", "missing_timestamp")]
    for n in names:
        if table.column(n).type != "string":
            tests.append((f"t_{n} is not null and {n} is null", "invalid_type"))
        if table.column(n).type == "timestamp":
            tests.append((f"{n} < {EARLIEST}", "out_of_range"))
        if n == when:
            tests.append((f"{n} > ingested_at + interval 1 day", "impossible_timestamp"))
    tests += [(rule.when, rule.reason) for rule in table.rejects]
    cases = ", ".join(f"case when {test} then '{reason}' end" for test, reason in tests)
    return f"list_distinct([{cases}])"


def _latest(table: Table) -> str:
    """The newest value of each column that says something."""
    key, time = table.primary_key[0], table.order[0]
    plain = [c for c in table.column_names if c not in (key, time, "event_date")]
    values = ", ".join(
        f"arg_max({c}, struct_pack(a := {time}, b := {c})) filter (where {c} is not null) as {c}"
        for c in plain
    )
    own = (
        f"max({time}) as {time}, max({time})::date as event_date, arg_max(_source_file, {time}) as"
        " _source_file"
    )
    return f"select {key}, {values}, {own} from kept group by {key}"


def _history(table: Table) -> str:
    """Intervals between changes of the tracked columns."""
    key, time = table.primary_key[0], table.order[0]
    values = ", ".join(f"max({c}) as {c}" for c in table.tracked)
    filled = ", ".join(f"last_value({c} ignore nulls) over w as {c}" for c in table.tracked)
    state = f"[{', '.join(f'{c}::varchar' for c in table.tracked)}]"
    return (
        f"with moments as (select {key}, {time}, min(_source_file) as _source_file, {values} from kept group"
        f" by all), states as (select {key}, {time}, _source_file, {filled} from moments window w as"
        f" (partition by {key} order by {time})), changes as (select *, {state} as state from states window o"
        f" as (partition by {key} order by {time}) qualify row_number() over o = 1 or {state} is distinct"
        f" from lag({state}) over o) select * exclude (state, {time}), {time} as valid_from, lead({time})"
        f" over o as valid_to, valid_to is null as is_current, {time}::date as event_date from changes window"
        f" o as (partition by {key} order by {time})"
    )


FOLLOWERS = {"latest": _latest, "scd2": _history}


def _write(con: duckdb.DuckDBPyConnection, query: str, folder: Path) -> int:
    folder.mkdir(parents=True)
    by_month = f"select *, date_trunc('month', event_date) as month from ({query})"
    con.execute(
        f"copy ({by_month}) to '{folder}' (format parquet, compression zstd, partition_by (month),"
        " overwrite_or_ignore true)"
    )
    return _count(con, f"read_parquet('{folder}/**/*.parquet')")


def _count(con: duckdb.DuckDBPyConnection, source: str) -> int:
    row = con.execute(f"select count(*) from {source}").fetchone()
    return int(row[0]) if row else 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _name(name: str) -> str:
    return "'" + re.sub("'", "''", name) + "'"


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
