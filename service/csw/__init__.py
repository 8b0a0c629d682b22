"""The catalogue that others harvest: CSW 2.0.2, ISO Application Profile 1.0."""
