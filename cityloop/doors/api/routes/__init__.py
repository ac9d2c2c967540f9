"""The routes of the JSON door, by what they are about. Importing them adds them to the door."""

from cityloop.doors.api.routes import acting, bulk, cases, maps, photos, places, reports, webhooks, work

__all__ = ["acting", "bulk", "cases", "maps", "photos", "places", "reports", "webhooks", "work"]
