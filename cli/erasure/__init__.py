"""A person leaves the lake: the files that hold them, every version of these, all tables and what remembers."""
