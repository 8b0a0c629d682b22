"""The Géoplateforme of IGN, by its API Entrepôt."""
