"""What to do about a benchmark whose result is not what it must be."""

WRONG = "run it again; when it stays, it is a bug: report it with this message"
