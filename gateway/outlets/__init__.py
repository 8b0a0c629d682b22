"""Places that we publish to: what they have in common, and each protocol."""
