"""Days that are over, packed: what happened as columns of numbers, which say the same as the rows they were made of.

Source: docs/decisions/0018-days-are-packed.md
"""
