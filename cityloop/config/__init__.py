"""Settings, routes and wiring: the only place that knows every room."""
