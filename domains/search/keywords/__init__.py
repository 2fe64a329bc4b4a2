"""Free-text searches → titles of a catalogue: exact spellings first, then n-gram candidates judged by a
classifier that trains itself.

Needs numpy, scipy and scikit-learn, nothing of Spark; `normaliser.Normaliser` is the way in. `noise` and
`text` need nothing, so that samples can be made without them.
"""
