"""What a draft of rules, routing or SLA policies would have made of a period of the real log, with no effect."""
