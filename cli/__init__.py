"""The verbs of `./lake`, for the laptop and for deployed environments."""
