"""Keyed hashes of texts: equal texts have equal hashes, and without the key nobody tells which text one is
of, not even by trying all texts that there may be.

HMAC-SHA256 (RFC 2104, FIPS 198-1).
"""

from __future__ import annotations

import hashlib
import hmac

BLOCK_BYTES = 64  # of SHA-256
HEX_DIGITS = 64  # of a hash
_INNER, _OUTER = bytes(n ^ 0x36 for n in range(256)), bytes(n ^ 0x5C for n in range(256))


def keyed_hash(key: str, text: str) -> str:
    """64 hexadecimal digits, lower case. Raises ValueError without a key."""
    return hmac.new(_key_bytes(key), text.encode(), hashlib.sha256).hexdigest()


def pads(key: str) -> tuple[bytes, bytes]:
    """What is hashed in front of the text, and in front of the hash of that: all that an engine needs which
    has SHA-256 but no HMAC. Whoever has them can hash, as with the key. Raises ValueError without a key.
    """
    given = _key_bytes(key)
    block = (given if len(given) <= BLOCK_BYTES else hashlib.sha256(given).digest()).ljust(BLOCK_BYTES, b"\0")
    return block.translate(_INNER), block.translate(_OUTER)


def _key_bytes(key: str) -> bytes:
    if not key:
        raise ValueError("expected the key of the environment's hashes, found an empty text")
    return key.encode()
