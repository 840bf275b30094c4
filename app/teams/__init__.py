"""How the desk stands with Teams: what the channel asks of it, and everything put together."""
