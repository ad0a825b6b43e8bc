"""Text in, tags out. Knows nothing of the inbox, the database, the web or the queue."""
