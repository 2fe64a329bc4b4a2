"""The laptop's AWS: ministack as a process of its own, with what it lacks for this product."""
