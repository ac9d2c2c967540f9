"""Rooms that see everything: command, dispatch, assessment, insight."""
