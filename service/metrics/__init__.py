"""What the service counts, added up over its workers, as `/metrics` tells it."""
