"""environments.toml of a project: names are free, settings are typed, and what is wrong is said with what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stacks.config import ConfigError, environments, settings

DOMAINS = ("retail", "shop", "web")  # of the tests' own project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Makes a text the environments.toml of the project; its domains stay those of the tests."""

    def written(text: str) -> None:
        (tmp_path / "environments.toml").write_text(text, "utf-8")

    monkeypatch.setattr("stacks.config.project_folder", lambda: tmp_path)
    environments.cache_clear()
    yield written
    environments.cache_clear()


def test_an_environment_may_have_any_name_and_all_domains_without_a_word(
    project: Callable[[str], None],
) -> None:
    project(
        '[staging2]\nprefix = "acme"\n[live]\nprotected = true\ndomains = ["web", "shop"]\ntags = {team = "data"}\n'
    )
    assert list(environments()) == ["staging2", "live"]
    staging, live = settings("staging2"), settings("live")
    assert (staging.prefix, staging.retain_data, staging.chosen_domains) == ("acme", False, DOMAINS)
    assert (live.retain_data, live.customer_key, live.chosen_domains, live.tags) == (
        True,
        True,
        ("shop", "web"),
        {"team": "data"},
    )


def test_a_domain_s_name_must_leave_room_in_the_name_of_its_state_machine(
    project: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step Functions takes 80 characters: `a-company-of-note-dev-` has 22 of them."""
    project('[dev]\nprefix = "a-company-of-note"\n')
    monkeypatch.setattr("stacks.config.project_domains", lambda: ("shop", "d" * 58))
    assert len(settings("dev").chosen_domains) == 2
    monkeypatch.setattr("stacks.config.project_domains", lambda: ("shop", "d" * 59))
    with pytest.raises(ConfigError, match=f"domains: {'d' * 59}: .* which leaves a domain 58"):
        settings("dev")


def test_and_in_the_name_of_the_role_of_its_analysts(
    project: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM takes 64 characters: `lakehouse-dev-` and `-analysts` have 23 of them."""
    monkeypatch.setattr("stacks.config.project_domains", lambda: ("d" * 41, "d" * 42))
    people = 'principals = ["111122223333"]\n'
    project(f"[dev.analysts.{'d' * 41}]\n{people}[test.analysts.{'d' * 42}]\n{people}")
    assert settings("dev").analysts
    with pytest.raises(ConfigError, match=f"analysts: {'d' * 42}: .* which leaves a domain 40"):
        settings("test")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[dev", "environments.toml: is not TOML"),
        ("", "expected one table for each environment, such as [dev]"),
        ('prefix = "acme"\n', "expected one table for each environment, such as [dev]"),
        (
            "[dev]\nglue_workers = 1\n",
            "environment dev.glue_workers: Input should be greater than or equal to 2; found 1",
        ),
        (
            "[dev]\nretain = true\n",
            "environment dev.retain: there is no such setting; allowed: env, prefix, domains",
        ),
        ("[dev]\nprotected = true\nretain_data = false\n", "a protected environment must retain its data"),
        (
            '[dev]\ndomains = ["shop", "sales"]\n',
            "domains: there is no sales in the project; it has retail, shop, web",
        ),
        ("[dev]\ndomains = []\n", "domains: an environment needs one at least"),
        (
            '[dev]\ntags = {"aws:owner" = "me"}\n',
            "tags: aws:owner: names that begin with aws: or lakehouse: are taken",
        ),
        ('[dev]\ntags = {owner = "a;b"}\n', "environment dev.tags.owner: String should match pattern"),
        (
            '[dev]\ndomains = ["shop"]\nsources = {retail = {location = "s3://partner/"}}\n',
            "sources name retail, which the environment does not have",
        ),
        (
            '[dev]\ncrawl = {dataset = "shop/films", url = "https://a.example/x", secret_name = "k"}\n',
            "no contract has shop/films",
        ),
        (
            '[dev]\nlineage = {url = "https://m.example/x?user=a@b"}\n',
            "environment dev.lineage.url: String should match pattern",
        ),
        (
            '[dev]\nlineage = {url = "http://m.example/x", secret_name = "k"}\n',
            "lineage.url must begin with https:// where secret_name is set",
        ),
        (
            '[preproduction]\n[dev]\nprefix = "a-company-with-a-name"\n',
            "environment preproduction.env: String should match pattern",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_is_allowed(
    project: Callable[[str], None], text: str, message: str
) -> None:
    project(text)
    with pytest.raises(ConfigError) as refused:
        _ = [settings(env) for env in environments()]
    assert message in str(refused.value)


def test_names_that_no_bucket_can_hold_are_refused(project: Callable[[str], None]) -> None:
    """An account-regional bucket's own part has 37 characters; `-quarantine` and a hyphen take 12."""
    project('[production]\nprefix = "a-long-prefix15"\n[live]\nprefix = "a-prefix-of-21-chars0"\n')
    assert settings("live").prefix == "a-prefix-of-21-chars0"
    assert settings("production").env == "production"
    with pytest.raises(
        ConfigError, match="prefix and environment name have 26 characters together; at most 25"
    ):
        settings("production", prefix="a-long-prefix-16")


def test_a_project_without_environments_says_what_is_missing(project: Callable[[str], None]) -> None:
    with pytest.raises(ConfigError, match=r"environments\.toml is missing"):
        environments()
