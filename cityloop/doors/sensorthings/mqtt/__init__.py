"""The same door by MQTT: a bridge between the city and a broker that the city runs."""
