"""Keyed hashes are HMAC-SHA256: as RFC 4231 publishes it, and as the standard library has it when only SHA-256 is asked."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from shared.keyed_hash import keyed_hash, pads
from shared.names import Names


@pytest.mark.parametrize(
    (
        "key",
        "text",
        "expected",
    ),  # RFC 4231, test cases 1, 2 and 6, whose keys are of ASCII or can be told in it
    [
        ("\x0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            "Jefe",
            "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
    ],
)
def test_a_keyed_hash_is_that_of_the_standard(key: str, text: str, expected: str) -> None:
    assert keyed_hash(key, text) == expected


@pytest.mark.parametrize("key", ["k", "K" * 63, "K" * 64, "K" * 65, "ключ" * 40])
@pytest.mark.parametrize("text", ["", "a", "ana@example.com", "Ñandú 🦙\0", "x" * 100_000])
def test_whoever_has_only_sha_256_hashes_alike_by_the_pads(key: str, text: str) -> None:
    inner, outer = pads(key)
    assert (len(inner), len(outer)) == (64, 64)
    found = hashlib.sha256(outer + hashlib.sha256(inner + text.encode()).digest()).hexdigest()
    assert found == hmac.new(key.encode(), text.encode(), "sha256").hexdigest()


def test_without_a_key_nothing_is_hashed() -> None:
    for ask in (lambda: keyed_hash("", "a"), lambda: pads("")):
        with pytest.raises(ValueError, match="found an empty text"):
            ask()


def test_each_environment_has_a_key_of_its_own() -> None:
    assert Names("dev", "1", "r").hash_key == "lakehouse-dev-hash-key"
    assert Names("prod", "1", "r").hash_key == "lakehouse-prod-hash-key"
