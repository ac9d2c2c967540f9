"""The door for instruments: OGC SensorThings API 1.1 at /sta/v1.1/."""
