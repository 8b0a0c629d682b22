"""data.gouv.fr, and any portal that runs udata."""
