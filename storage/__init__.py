"""Durable storage: engine, unit of work, inbox and outbox. It knows no word of the trade."""
