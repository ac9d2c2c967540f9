"""Calendars of working time, and the city clock."""
