"""This machine: the emulated AWS, local Spark, and what both need."""
