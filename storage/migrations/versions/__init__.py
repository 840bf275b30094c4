"""Revisions of the schema, oldest first; made by `make migration`."""
