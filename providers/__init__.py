"""Where the data are: silos, surveys, the store, and the pygeoapi plugins."""
