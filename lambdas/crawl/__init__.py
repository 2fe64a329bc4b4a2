"""The crawler: pages of a web API → files in raw."""
