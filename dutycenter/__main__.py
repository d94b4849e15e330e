"""``python -m dutycenter`` is the ``dutycenter`` command."""

from dutycenter.cli import main

main()
