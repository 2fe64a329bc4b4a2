"""Free-text searches → titles of a catalogue: exact spellings first, then n-gram candidates judged by a
classifier that trains itself.

Needs numpy and scipy, nothing of Spark; `Normaliser` is the way in.
"""

from domains.search.keywords.normaliser import Match, Normaliser

__all__ = ["Match", "Normaliser"]
