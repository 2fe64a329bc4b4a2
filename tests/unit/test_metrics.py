"""What CloudWatch is sent."""

from __future__ import annotations

from typing import Any

from shared.metrics import datum, send
from shared.names import Names

NAMES = Names("dev", "123456789012", "us-east-1", "acme")


class Requests:
    """Stands in for the service: keeps what it is asked, and like it takes 1,000 values at a time."""

    def __init__(self) -> None:
        self.made: list[tuple[str, list[dict[str, Any]]]] = []

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        assert 1 <= len(MetricData) <= 1000
        self.made.append((Namespace, MetricData))


def test_a_figure_goes_out_with_its_unit_and_where_it_belongs() -> None:
    requests = Requests()
    send(requests, NAMES, [datum("FilesAccepted", 1, "Count", Domain="shop", Dataset="orders")])
    of = {"Environment": "dev", "Prefix": "acme", "Domain": "shop", "Dataset": "orders"}
    where = [{"Name": name, "Value": value} for name, value in of.items()]
    assert requests.made == [
        ("Lakehouse", [{"MetricName": "FilesAccepted", "Dimensions": where, "Value": 1.0, "Unit": "Count"}])
    ]


def test_more_figures_than_a_request_takes_all_go_out_in_order_and_none_make_no_request() -> None:
    requests = Requests()
    send(requests, NAMES, [datum(f"m{n}", n) for n in range(2001)])
    assert [m["MetricName"] for _, data in requests.made for m in data] == [f"m{n}" for n in range(2001)]
    before = len(requests.made)
    send(requests, NAMES, [])
    assert len(requests.made) == before
