"""`python -m scuderia.config`: the command line, for processes that start one another."""

from scuderia.config.cli.main import main

main()
