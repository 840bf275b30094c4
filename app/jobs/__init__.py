"""What runs beside the requests: turns, deliveries, sweeps. One short loop each."""
