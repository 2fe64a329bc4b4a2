"""What a SELECT says of itself without being run: names, keys, what its rows are made of."""
