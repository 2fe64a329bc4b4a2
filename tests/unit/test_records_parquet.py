"""Parquet: dates of every type, text of every type, damage and bombs inside pages."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import io
import subprocess
import sys
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.records import Accepted, Limits
from shared.values.times import of_iso
from tests.support.ingestion import read, reason, verdict

NEW_YEAR = dt.datetime(2023, 12, 31, 23, 30)
LONG_AGO, FAR = -(10**17), 10**18  # microseconds: years no calendar knows


# Two events, of which `ts` is encrypted and the footer is plain, as pyarrow.parquet.encryption writes it: zlib, base85.
ENCRYPTED_COLUMN = (
    "c-jka3^EjD5fu@Y@BvZ`LJSOCDvS&a42d8jNt8iUNK{M*C?g=sCdwvb#-PENB*B;{C<v70RA2&<ER2lIOj<z3*Uz^X"
    "PW)-|$uTE)!G)bqpSVl2HN8@|l-%gaR(d(TucS+r!870-Z@B7wGob1c$xDhCtq$;ZPp^Kh?5A(GJHbR;_`}Wgp#R}t"
    "CVf0-aHMfFd$j8Ur<?n>?QZ5zEGgJA#lzuCJWyxEvwN%7OxC&nPQR&f8C#LoZnds=e-qCnFXFjmn!K*He#;K6`oJ%{"
    "_B`IqDWG57c}}&hX`#X+7KNB;>(5MkeQJro+ue1}XYH&btuDNqwo7E@Lq3s-JEImaElIkTE4%H9I?xK{DPImfW7-tf"
    "<(vAssZjKUaGuoDIDwAap=MmqRy{uZo^jXT?f0(i6=jjMF=dcoD^AWx%}o?#VG!j}Ws=}XElbTSiO)<?W$=*!8U_|*"
    "Dk+9?#aJX|Bz4pnWJGx+O&Qn(BoP`!nZ#JcYQ$O?)oj!_ki%LM6ax&RObkFm07%&Y4Pld1V_*TAhinqi7O)vln8e;N"
    "tKDHz>tT!$3xFw&(E+QFn8Z}Al$~1Xn^=-sl$n?lQdy9yWTh0~?HgjKq@$FX2Ncdr%n2^ZFG@@Y%9Iq9rUHeF-SYE+"
    "GTy0`N>*u!ImJM++{9vth^GtCfMlTN@}k6og47fjS8t#|s#$qbWlC~@Wx0P|o@Ka+vqw@?c$KGTrD3^aR8mNmb4Gz#"
    "QK^Z)lc%$Hm2rfdxo?nrSV*9!r%$LY(5#gF(xjZ!aFB_adFe2B03Gg{mt0g?P?DLS2eaD8+sHkrv`W7yvLG@vG`S$O"
    "vMSW4+}0N1B5$yZ0!)hiwIf|Uyc4}5oD)l3G7>X_BGZBDY8e<LIvHDm!P)K=oA7JC%48wo*l*vY_szJHt^E1<pL-Rb"
    "Bd>LL@7%#X#WH@!uh|T{#HttP3Ad`R-otuT{HCCu)sg8Q2Tp~)GCICOS+uX`Q2OUh*SwE^S@JE+ZNm9IPA2@NDvcrO"
    "_M+!5XDM2LZ9aN7-0@1ph4e6|!>8OCO)QF!X(&xtB+Blpx@KbhI#C9(2h3tDY8+x8SVR~YBxNLc9D{=V!>u3*P2vHg"
    "J_wjOf<T}n1b90-mODD7JGwbKraL;PgT<Vj936c@3};72Pp|-jc7!r5;C#O-prIhHtD7rW5Nx!oBOHL#I~gRGJ33Yb"
    "0F_oaf-D0HMmjo`L+o)yxW~yU2u!CV>_b=@6%mz_loyni7!FbHgre2akwHSCAhD>hG_^!Gxu8Hdv8X7&T%jzrs2CXO"
    "3Pxsn26~2)I>6inLNXd0m+vL!ymL=11eRVB$0$zS(1ey-?3q_wl9-pA3Ql7#u5ON@J|RjdGNC~}C{n07A`Lx9Bw6IA"
    "7KbIKSmsm~WjLD$l~@Lq76w$6B$`x~JEd8;m-~9_SC*%kg%=li8K-(0yXF=KM>+bWn*_R&m?KiP4J;~(iYhG(DlJVT"
    "l2e>a0$iOPF>^##uCt|IMxk3lTA6lGYHC?gVL@OTBu6YcJ2j!>^XK*+q4G^zA`IULEuLQPyUXAHd5?76FJN&J0IWFx"
    "Bb5uo"
)


def written(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("values", "dates"),
    [
        (pa.array([NEW_YEAR, None], pa.timestamp("us")), {dt.date(2023, 12, 31): 1}),
        (pa.array([NEW_YEAR], pa.timestamp("us", "Asia/Tokyo")), {dt.date(2023, 12, 31): 1}),
        (pa.array([NEW_YEAR], pa.timestamp("ns", "UTC")), {dt.date(2023, 12, 31): 1}),
        (pa.array([NEW_YEAR.date()] * 3, pa.date32()), {dt.date(2023, 12, 31): 3}),
        (pa.array([1704067199, 1704067200]), {dt.date(2023, 12, 31): 1, dt.date(2024, 1, 1): 1}),
        (pa.array([1704067199999, 1704067200000]), {dt.date(2023, 12, 31): 1, dt.date(2024, 1, 1): 1}),
        (pa.array(["2023-12-31T23:30:00-01:00", "n/a", None]), {dt.date(2024, 1, 1): 1}),
    ],
    ids=["naive", "zoned", "nanoseconds", "date", "seconds", "milliseconds", "text"],
)
def test_dates_are_utc_whatever_the_type(values: pa.Array, dates: dict[dt.date, int]):
    found, _ = read(written(pa.table({"ts": values})), ".parquet")
    assert found.event_dates == dates


def test_times_beyond_every_calendar_are_no_dates():
    times = pa.array([LONG_AGO, FAR], pa.int64()).cast(pa.timestamp("us"))
    assert reason(written(pa.table({"ts": times})))[0] == "no_readable_date"


def test_cells_become_the_text_that_spark_would_make_of_them():
    table = pa.table(
        {
            "event_id": pa.array(["a"]).dictionary_encode(),
            "age": [7],
            "ok": [True],
            "price": [decimal.Decimal("1.50")],
            "ts": pa.array([1704065400123456789], pa.timestamp("ns", "UTC")),
            "day": [dt.date(2024, 2, 29)],
            "nested": [{"a": [1, None]}],
            "raw": [b"x\xff"],
            "none": pa.array([None], pa.string()),
        }
    )
    _, rows = read(written(table))
    assert rows[0].fields == {
        "event_id": "a",
        "age": "7",
        "ok": "true",
        "price": "1.50",
        "ts": "2023-12-31T23:30:00.123456Z",
        "day": "2024-02-29",
        "nested": '{"a":[1,null]}',
        "raw": "x\ufffd",
        "none": None,
    }


def test_a_fraction_of_a_second_is_spelled_as_spark_spells_it():
    times = pa.array([10, 1_500_000, 2_000_000, 100 * 10**6], pa.timestamp("us", "UTC"))
    _, rows = read(written(pa.table({"event_id": list("abcd"), "ts": times})))
    assert [r.fields["ts"] for r in rows] == [
        "1970-01-01T00:00:00.00001Z",
        "1970-01-01T00:00:01.5Z",
        "1970-01-01T00:00:02Z",
        "1970-01-01T00:01:40Z",
    ]


@pytest.mark.parametrize(
    ("cells", "texts"),
    [  # as Spark 4.1 writes them
        (pa.array([2**63 - 1], pa.timestamp("us", "UTC")), ["+294247-01-10T04:00:54.775807Z"]),
        (pa.array([-(2**63), 2**62], pa.timestamp("us")), ["-290308-12-21T19:59:05.224192", "+148108-07-06T14:00:27.387904"]),
        (pa.array([5e-324, -1e-323, 3e300, 0.5]), ["4.9E-324", "-9.9E-324", "3.0E300", "0.5"]),
        (pa.array([2**31 - 1, -1], pa.date32()), ["+5881580-07-11", "1969-12-31"]),
        (pa.array([Decimal("-1E-17"), Decimal(0)], pa.decimal128(38, 17)), ["-0.00000000000000001", "0.00000000000000000"]),
    ],
    ids=["zoned", "local", "next to zero", "date", "small decimal"],
)  # fmt: skip
def test_what_python_has_no_value_or_another_spelling_for_is_spelled_as_spark_does(
    cells: pa.Array, texts: list[str]
):
    _, rows = read(written(pa.table({"name": cells})))
    assert [r.fields["name"] for r in rows] == texts


def test_a_time_beyond_the_year_9999_is_text_that_no_cast_accepts():
    _, rows = read(written(pa.table({"ts": pa.array([FAR, 0], pa.int64()).cast(pa.timestamp("us"))})))
    assert rows[0].fields == {"ts": "+33658-09-27T01:46:40"}
    assert of_iso(str(rows[0].fields["ts"])) is None


def test_names_that_differ_by_case_are_left_to_our_own_reader():
    found, _ = read(written(pa.table({"event_id": ["a"], "EVENT_ID": ["b"]})), ".parquet")
    assert not found.profile.native


@pytest.mark.field("h1", "Parquet with one encrypted column and a plain footer", "refused")
def test_an_encrypted_column_ends_no_process():
    content = zlib.decompress(base64.b85decode(ENCRYPTED_COLUMN))
    assert reason(content) == (
        "corrupt_parquet",
        "Arrow ended on the footer: an encrypted column, or damage",
    )


def test_damage_in_the_last_row_group_is_found():
    table = pa.table({"event_id": [f"e{i:09d}" for i in range(100_000)]})
    content = written(
        table, row_group_size=20_000, compression="snappy", use_dictionary=False, write_page_checksum=True
    )
    at = len(content) * 9 // 10
    assert reason(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])[0] == "corrupt_parquet"


def test_text_that_is_no_utf8_is_damage():
    column = pa.array([b"\xff\xfe"] * 10, pa.binary())
    broken = pa.StringArray.from_buffers(10, column.buffers()[1], column.buffers()[2])
    assert reason(written(pa.table({"event_id": broken})))[0] == "corrupt_parquet"


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"event_id": pa.array(["x" * 80_000_000])}),
        pa.table({"age": pa.array([0]).take(pa.array([0] * 12_000_000))}),
    ],
    ids=["one enormous value", "one value twelve million times"],
)
def test_bombs_are_refused_and_not_expanded(table: pa.Table):
    content = written(table, compression="zstd")
    assert len(content) < 200_000
    told, megabytes = judged_alone(content)
    assert "decompression_bomb" in told
    assert megabytes < 40


def test_a_long_text_that_many_rows_share_is_held_once():
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), ["x" * 1_000_000])
    told, megabytes = judged_alone(
        written(pa.table({"event_id": shared, "age": list(range(2000))}), store_schema=False)
    )
    assert "records=2000" in told
    assert megabytes < 100


def judged_alone(content: bytes) -> tuple[str, int]:
    """The verdict of a process of its own, and the most megabytes that Arrow held in it."""
    program = """
import io, sys
import pyarrow as pa
from tests.support.ingestion import verdict
print(verdict(sys.stdin.buffer.read()))
print(pa.default_memory_pool().max_memory() >> 20)
"""
    run = subprocess.run([sys.executable, "-c", program], input=content, capture_output=True, check=True)
    told, megabytes = run.stdout.decode().splitlines()
    return told, int(megabytes)


PAGE_OF_A_GIGABYTE = """
import io, re, pyarrow as pa, pyarrow.parquet as pq
from shared.contracts import contract
from shared.records import Limits, judge
from shared.records.source import Source
file = io.BytesIO()
pq.write_table(pa.table({"event_id": ["e1", "e2"], "ts": ["2024-03-01"] * 2}), file, use_dictionary=False, compression="none")
content = file.getvalue()
def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
size = re.match(rb"PAR1\\x15\\x00\\x15(.)\\x15(.)", content)
assert size and size[1] == size[2], content[:12]
# Both sizes of the first page, as thrift's zigzag numbers; what follows is cut by as much as they grow.
huge = b"PAR1\\x15\\x00\\x15" + varint(2 * (10**9)) + b"\\x15" + varint(2 * (10**9))
content = huge + content[len(huge):]
found = judge(Source(io.BytesIO(content), Limits()), contract("shop").dataset("events"), Limits())
print(found.reason, int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) >> 10)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_page_takes_no_more_memory_than_the_file_has_bytes():
    """Its header may say a gigabyte: a few bytes would end the function."""
    run = subprocess.run(
        [sys.executable, "-c", PAGE_OF_A_GIGABYTE], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    reason, megabytes = run.stdout.split()
    assert reason == "corrupt_parquet"
    assert int(megabytes) < 400


def test_a_zone_whose_name_is_no_text_makes_the_file_corrupt():
    times = pa.array([NEW_YEAR], pa.timestamp("us", "+05:30"))
    content = written(pa.table({"event_id": ["e1"], "ts": times}))
    schema = pq.read_metadata(io.BytesIO(content)).metadata[b"ARROW:schema"]
    bad = base64.b64encode(base64.b64decode(schema).replace(b"+05:30", b"+05:3\xc3"))
    assert reason(content.replace(schema, bad))[0] == "corrupt_parquet"


@pytest.mark.field("h1", "Parquet whose footer has two names for a column", "refused")
@pytest.mark.parametrize("table", [{"event_id": ["e1"], "moment": ["x"]}, {"event_id": [{"moment": 1}]}])
def test_a_footer_with_two_names_for_a_column_is_refused(table: dict[str, list[Any]]):
    """Found by mutation: ingestion accepted it by the one name, and Spark failed by the other."""
    content = written(pa.table(table), store_schema=False)
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    renamed = content[:footer] + content[footer:].replace(b"moment", b"momemt", 1)
    assert renamed != content
    assert read(content)[0].records == 1
    assert reason(renamed) == (
        "corrupt_parquet",
        "a column has one name in the schema and another at its values: the footer cannot be read",
    )


@pytest.mark.field("h1", "Parquet whose footer has fewer values of a column than rows", "refused")
@pytest.mark.parametrize("values", [36, 44])
def test_a_footer_with_more_or_fewer_values_than_rows_is_refused(values: int):
    """Found by mutation: Arrow goes by the pages, and Spark ends at the number."""
    content = written(pa.table({"event_id": [f"e{i}" for i in range(40)]}), store_schema=False)
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    forty = b"\x16\x50"  # Thrift: the next field, of 64 bits, and 40 in zigzag
    of_file, of_chunk, *rest = content[footer:].split(forty)
    told = b"\x16" + bytes([2 * values])
    changed = content[:footer] + of_file + forty + of_chunk + told + forty.join(rest)
    assert pq.read_metadata(io.BytesIO(changed)).row_group(0).column(0).num_values == values
    assert reason(changed) == (
        "corrupt_parquet",
        f"a column has {values} values in a group of 40 rows: the footer cannot be read",
    )


@pytest.mark.parametrize("lists", [[[], None, ["a", "b"]], [["a", "b", "c"], ["d"]]])
def test_a_list_has_as_many_values_as_it_likes(lists: list[Any]):
    assert read(written(pa.table({"event_id": ["e1", "e2", "e3"][: len(lists)], "tags": lists})))[0].records


def wide(columns: int) -> bytes:
    cells = {f"c{i}": ["x"] for i in range(columns - 2)}
    return written(pa.table({"event_id": ["a"], "ts": ["2024-05-01T10:00:00Z"], **cells}))


def test_a_table_of_as_many_columns_as_a_line_may_have_is_read_and_of_one_more_is_refused():
    assert read(wide(2000))[0].records == 1
    assert reason(wide(2001)) == ("unparsable", "2001 columns are more than 2000")


def test_a_footer_that_memory_is_not_made_for_is_refused_before_it_is_held():
    content = wide(1000)
    length = int.from_bytes(content[-8:-4], "little")
    assert reason(content, limits=Limits(max_footer=length - 1)) == (
        "decompression_bomb",
        f"a footer of {length} bytes is more than {length - 1}: write fewer, larger row groups",
    )
    assert isinstance(verdict(content, limits=Limits(max_footer=length)), Accepted)
