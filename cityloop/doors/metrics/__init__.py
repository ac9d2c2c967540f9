"""What those who run a city may ask of it, in the text format of Prometheus: no person, no case, no address."""
