"""A second opinion on a run: every rule again, from the rows of the database, without a line of the engine."""
