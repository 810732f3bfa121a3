"""python -m osmo.flows: the same as the osmo command."""

from osmo.flows.cli import main

main()
