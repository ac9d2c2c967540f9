"""Open311 GeoReport v2: so that any client made for it works with any city that runs this."""
