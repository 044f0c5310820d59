"""`python -m scuderia.config`: the command line, for processes that start one another."""

from scuderia.config.cli import main

main()
