"""How the schema came to be. `storage.migrate` applies these at start-up."""
