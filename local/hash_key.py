"""The key of hashes of a lake that no template made: of trials and of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.names import Names

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

LETTERS = 64  # as stacks/hash_key.py has it


def create_hash_key(client: SecretsManagerClient, names: Names) -> str:
    """Makes the secret; returns what it says."""
    key: str = client.get_random_password(PasswordLength=LETTERS, ExcludePunctuation=True)["RandomPassword"]
    client.create_secret(Name=names.hash_key, SecretString=key)
    return key
