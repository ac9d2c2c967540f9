"""SQLite as Django knows it, with writers standing in a queue instead of polling for the lock."""
