"""`python -m service` is the service that the command `serve` leaves the process to.

Each worker loads this module again, and so it loads little.
"""

import argparse
from pathlib import Path

from service.server import serve


def main() -> None:
    """Serve one configuration until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m service")
    parser.add_argument("configuration", type=Path)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--workers", default=1, type=int)
    parser.add_argument(
        "--access-log", action=argparse.BooleanOptionalAction, default=True
    )
    serve(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
