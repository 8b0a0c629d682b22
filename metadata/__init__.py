"""What a dataset is, its encodings and its rules: pure, no connection, no file."""
