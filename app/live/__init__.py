"""The live feed: what happened, as it happens, resumable."""
