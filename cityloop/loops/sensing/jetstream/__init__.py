"""NATS JetStream between those who take readings in and those who judge them, on as many machines as a city likes."""
