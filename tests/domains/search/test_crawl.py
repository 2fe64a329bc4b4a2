"""The crawler against a web API that misbehaves."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto import mock_aws

from lambdas.crawl.crawl import Crawl, Crawled
from lambdas.crawl.web import PageUnavailableError, Web
from shared.ingestion.ingest import dataset_of
from tests.unit.conftest import _no_endpoint, credentials

__all__ = ["_no_endpoint", "credentials"]

KEY, BUCKET = "a-key-for-tests", "raw-bucket"
NOW = dt.datetime(2022, 6, 1, 3, tzinfo=dt.UTC)


def films(page: int) -> list[dict[str, Any]]:
    return [
        {"_id": f"{page}-{i}", "title": f"Film {page}.{i}", "genres": [{"name": "Drama"}, {"name": "War"}]}
        for i in range(2)
    ]


class Server(ThreadingHTTPServer):
    """Answers each page with what is queued for it first, then with its films; page 3 is missing, page 5 says
    what page 4 says.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.misbehaviour: dict[int, list[str]] = {}
        self.asked: list[tuple[int, str]] = []
        self.last, self.tells_pages = 6, True


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        page = int(parse_qs(urlsplit(self.path).query)["page"][0])
        self.server.asked.append((page, self.headers["Authorization"]))
        queued = self.server.misbehaviour.get(page) or ["good"]
        what = queued.pop(0) if len(queued) > 1 or queued[0] != "good" else "good"
        match what:
            case "429":
                self._answer(429, b"", {"Retry-After": "7"})
            case "500" | "403":
                self._answer(int(what), b"oops")
            case "slow":
                time.sleep(0.6)
            case "cut":
                self._answer(200, self._films(page)[:25], {"Content-Length": "900"})
            case "no json":
                self._answer(200, b"<html>busy</html>")
            case "other json":
                self._answer(200, b'"hello"')
            case _ if page == 3:
                self._answer(404, b"")
            case _:
                self._answer(200, self._films(4 if page == 5 else page))

    def _films(self, page: int) -> bytes:
        found = {"items": films(page) if page <= self.server.last else []}
        return json.dumps(
            found | ({"total_pages": self.server.last} if self.server.tells_pages else {})
        ).encode()

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def s3(credentials: None) -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def web(server: Server, waits: list[float], **options: Any) -> Web:
    return Web(
        f"http://127.0.0.1:{server.server_port}/movies?lang=vi",
        "page",
        KEY,
        timeout=0.3,
        sleep=waits.append,
        **options,
    )


def crawl(server: Server, s3: Any, seconds: float = 900, **options: Any) -> Crawled:
    return Crawl(s3, BUCKET, "search/movies", web(server, [], **options), lambda: NOW, lambda: seconds)()


def stored(s3: Any) -> dict[str, list[dict[str, Any]]]:
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())]
    return {
        k: [json.loads(line) for line in s3.get_object(Bucket=BUCKET, Key=k)["Body"].read().splitlines()]
        for k in keys
    }


def test_a_crawl_survives_a_server_that_is_busy_slow_and_breaks_off(server: Server, s3: Any):
    server.misbehaviour = {1: ["429", "500", "good"], 2: ["slow", "cut", "no json", "good"]}
    done = crawl(server, s3)
    assert done == Crawled(first=1, written=5, entries=10, missing=(3,), finished=True)
    found = stored(s3)
    assert list(found) == [
        f"search/movies/crawl_date=2022-06-01/page-{n:06d}.ndjson" for n in (1, 2, 4, 5, 6)
    ]
    assert found["search/movies/crawl_date=2022-06-01/page-000002.ndjson"][1] == {
        "_id": "2-1", "title": "Film 2.1", "genres": "Drama, War", "crawled_at": "2022-06-01T03:00:00+00:00",
    }  # fmt: skip
    assert {key for _, key in server.asked} == {f"Bearer {KEY}"}


def test_what_is_crawled_is_a_dataset_with_a_contract_that_takes_its_format() -> None:
    dataset = dataset_of("search/movies/page-000001.ndjson")
    assert dataset is not None
    assert "ndjson" in dataset.formats


def test_a_server_is_asked_slowly_and_gets_the_time_it_asks_for(server: Server):
    waits: list[float] = []
    server.misbehaviour = {1: ["429", "500", "good"]}
    web(server, waits, seconds_between=0.25).page(1)
    assert waits == [0.25, 7.0, 0.25, 1.0, 0.25]


def test_a_crawl_that_broke_off_goes_on_behind_its_last_good_page(server: Server, s3: Any):
    server.misbehaviour = {4: ["500"] * 5 + ["good"]}
    with pytest.raises(PageUnavailableError, match="page 4: status 500 after 5 tries"):
        crawl(server, s3)
    before = stored(s3)
    server.asked.clear()
    done = crawl(server, s3)
    assert (done.first, done.written, done.finished) == (3, 3, True)
    assert before.items() < stored(s3).items()
    assert server.asked[0][0] == 3


def test_a_refusal_is_not_repeated_and_names_no_key(server: Server):
    server.misbehaviour = {1: ["403", "good"]}
    with pytest.raises(PageUnavailableError, match="status 403 after 1 tries") as caught:
        web(server, []).page(1)
    assert KEY not in str(caught.value)
    assert len(server.asked) == 1


def test_an_answer_without_entries_is_said_to_be_none(server: Server):
    server.misbehaviour = {1: ["other json", "good"]}
    with pytest.raises(PageUnavailableError, match="expected a list"):
        web(server, []).page(1)


def test_a_server_that_tells_no_number_of_pages_ends_with_empty_ones(server: Server, s3: Any):
    server.tells_pages = False
    assert crawl(server, s3) == Crawled(first=1, written=5, entries=10, missing=(3,), finished=True)
    assert max(page for page, _ in server.asked) == 9


def test_a_call_stops_in_time_and_the_next_one_goes_on(server: Server, s3: Any):
    left = iter([900, 900, 10])
    first = Crawl(s3, BUCKET, "search/movies", web(server, []), lambda: NOW, lambda: next(left))()
    assert (first.written, first.finished) == (2, False)
    assert crawl(server, s3).first == 3


@pytest.mark.parametrize("last", [6, 4], ids=["as it was", "shorter by now"])
def test_a_crawl_of_a_day_that_is_done_asks_one_page_and_ends(server: Server, s3: Any, last: int):
    crawl(server, s3)
    before, server.last = stored(s3), last
    server.asked.clear()
    left = iter([900.0] * 9)
    done = Crawl(s3, BUCKET, "search/movies", web(server, []), lambda: NOW, lambda: next(left, 0.0))()
    assert done == Crawled(first=7, written=0, entries=0, missing=(), finished=True)
    assert [page for page, _ in server.asked] == [7]
    assert stored(s3) == before
