"""Benchmarks: `./lake bench <name>`. Each prints the Markdown table that docs/performance.md shows."""
