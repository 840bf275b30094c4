"""What to say next; never how it travels."""
