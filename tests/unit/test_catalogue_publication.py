"""Publishing the catalogue: into the environment's own bucket, and only where it tells what is deployed."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto import mock_aws

from cli.catalogue_publication import PublicationError, published
from cli.deployed_contract import is_deployed
from cli.main import main
from local.session import Session
from shared.contracts.load import compiled
from shared.names import Names
from shared.project import VARIABLE, domain_folder

NAMES = Names("dev", "123456789012", "eu-central-1")
BUCKET = "lakehouse-dev-scripts-123456789012-eu-central-1-an"
LIBRARY = "lakehouse-dev-library"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """An environment whose jobs have the contract of `web` as it is on disk."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        found = Session(NAMES, boto3.Session())
        for bucket in (BUCKET, LIBRARY):
            place = {"LocationConstraint": "eu-central-1"}
            found.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        found.client("glue").create_job(
            Name="lakehouse-dev-web-silver-to-gold",
            Role="job",
            Command={"Name": "glueetl"},
            DefaultArguments={"--extra-py-files": f"s3://{LIBRARY}/jobs.zip"},
        )
        deploy(found, compiled(("web",))["web.odcs.json"])
        yield found


def deploy(session: Session, contract: bytes, **statements: str) -> None:
    library = io.BytesIO()
    with zipfile.ZipFile(library, "w") as packed:
        packed.writestr("shared/contracts/web.odcs.json", contract)
        for table, sql in statements.items():
            packed.writestr(f"domains/web/gold/{table}.sql", sql)
    session.client("s3").put_object(Bucket=LIBRARY, Key="jobs.zip", Body=library.getvalue())


def test_the_page_stands_in_the_bucket_and_the_link_is_one_that_any_region_and_key_takes(
    session: Session,
) -> None:
    found = published(session, b"<!DOCTYPE html>", ("web",))
    assert found.address == f"s3://{BUCKET}/catalogue/index.html"
    stored = session.client("s3").get_object(Bucket=BUCKET, Key="catalogue/index.html")
    assert (stored["Body"].read(), stored["ContentType"]) == (b"<!DOCTYPE html>", "text/html; charset=utf-8")
    link = urlsplit(found.link)
    asked = parse_qs(link.query)
    assert (link.scheme, link.path) == ("https", "/catalogue/index.html")
    assert link.netloc == f"{BUCKET}.s3.eu-central-1.amazonaws.com"
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert asked["X-Amz-Expires"] == ["43200"]


def test_nobody_but_the_links_holder_gains_a_right(session: Session) -> None:
    published(session, b"<!DOCTYPE html>", ("web",))
    grants = session.client("s3").get_object_acl(Bucket=BUCKET, Key="catalogue/index.html")["Grants"]
    assert [g["Permission"] for g in grants if "URI" in g["Grantee"]] == []


def test_a_contract_that_is_not_the_deployed_one_is_not_published(session: Session) -> None:
    deploy(session, b"{}")
    with pytest.raises(PublicationError, match="another contract of web than this folder"):
        published(session, b"<!DOCTYPE html>", ("web",))
    assert "Contents" not in session.client("s3").list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--publish"], "--publish needs --env NAME"),
        (["web", "--env", "dev", "--publish"], "leave the domains out"),
    ],
)
def test_what_would_publish_something_else_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["docs", *words]) == 1
    assert said in capsys.readouterr().err


def test_other_sql_of_gold_is_another_contract(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is: in the jobs' library, on disk, or in both with another text."""
    shutil.copytree(domain_folder("web"), tmp_path / "domains" / "web")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    agreed = compiled(("web",))["web.odcs.json"]
    assert is_deployed(session, "web")
    deploy(session, agreed, daily="SELECT 1")
    assert not is_deployed(session, "web")
    (tmp_path / "domains" / "web" / "gold").mkdir()
    (tmp_path / "domains" / "web" / "gold" / "daily.sql").write_text("SELECT 1")
    assert is_deployed(session, "web")
    deploy(session, agreed, daily="SELECT 2")
    assert not is_deployed(session, "web")
    deploy(session, agreed)
    assert not is_deployed(session, "web")
