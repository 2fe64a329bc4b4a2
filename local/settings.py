"""The laptop's own constants: which AWS account it pretends to be, and where it keeps its things."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".lake"
ACCOUNT = "123456789012"  # a documentation account number: nobody's
REGION = "us-east-1"
