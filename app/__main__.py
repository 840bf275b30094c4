"""`python -m app` is `nightdesk`."""

from app.cli import main

main()
