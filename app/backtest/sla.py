"""A draft of SLA policies beside those in force: which clocks would have been met or missed.

`DRAFTS` in app/backtest/run.py takes a `ReadDraft` for `Rulebook.SLA` once the clocks can be recomputed from events;
until then `nightdesk backtest` has no `--sla`.
"""
