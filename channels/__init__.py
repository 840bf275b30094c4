"""Wire <-> Activity: signatures, limits, delivery. No business rule lives here."""
