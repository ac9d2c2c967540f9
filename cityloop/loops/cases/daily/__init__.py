"""The city's open figures by day: counted of cases once, kept, and counted anew for days whose cases have changed."""
