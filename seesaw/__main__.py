"""`python -m seesaw` is the command line."""

from seesaw.commands import main

main()
