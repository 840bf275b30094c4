"""A draft of routing beside the one in force: who would have been given which case.

`DRAFTS` in app/backtest/run.py takes a `ReadDraft` for `Rulebook.ROUTING` once stored decisions can be made again;
until then `nightdesk backtest` has no `--routing`.
"""
