"""What became of a dataset: its revisions, what changed, and where each was sent."""
