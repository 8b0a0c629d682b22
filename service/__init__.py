"""What others ask of us: the ASGI application."""
