"""`python -m gateway` is the command `passerelle`."""

from gateway.cli import main

main()
