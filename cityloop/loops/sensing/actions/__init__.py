"""The only writers of sensing."""
