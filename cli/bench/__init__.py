"""Benchmarks: `./lake bench <name>`.

Each prints the Markdown table that docs/reference/performance.md shows.
"""
