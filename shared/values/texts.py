"""How long a text may be: as long as the narrowest of its targets, Redshift, can take.

Length is in characters, as ODCS has `maxLength`; a warehouse counts bytes of UTF-8, of which a character has
at most four.
"""

from __future__ import annotations

MOST_BYTES = 65_535  # of VARCHAR (Redshift database developer guide, "Character types")
BYTES_A_CHARACTER = 4  # of UTF-8, at most


def varchar(max_length: int | None) -> int:
    """The bytes of a warehouse's column for texts of so many characters; None: nobody said how many."""
    return MOST_BYTES if max_length is None else min(BYTES_A_CHARACTER * max_length, MOST_BYTES)
