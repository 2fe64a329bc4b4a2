"""A person leaves a lake: the files that hold them, every version of these, all tables, what remembers."""
