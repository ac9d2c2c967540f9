"""The words for what a plate's manifest says in codes. Each is looked up when a page is drawn."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

CONDITIONS = {
    "valid": lambda: pgettext("indicator", "valid"),
    "filed": lambda: pgettext("indicator", "filed"),
    "in_time": lambda: pgettext("indicator", "in time"),
    "due": lambda: pgettext("indicator", "due"),
    "dispatched": lambda: pgettext("indicator", "dispatched"),
    "handled": lambda: pgettext("indicator", "handled"),
    "handled_in_time": lambda: pgettext("indicator", "handled in time"),
    "reworked": lambda: pgettext("indicator", "sent back to be done again"),
    "extended": lambda: pgettext("indicator", "with a longer limit"),
    "overdue_pending": lambda: pgettext("indicator", "overdue and still open"),
    "closed": lambda: pgettext("indicator", "closed"),
    "closed_in_time": lambda: pgettext("indicator", "closed in time"),
    "reopened": lambda: pgettext("indicator", "opened again"),
    "disputed": lambda: pgettext("indicator", "disputed by the reporter"),
    "confirmed": lambda: pgettext("indicator", "confirmed"),
    "satisfied": lambda: pgettext("indicator", "the reporter is satisfied"),
    "rated": lambda: pgettext("indicator", "rated by the reporter"),
    "urgent": lambda: pgettext("indicator", "urgent"),
    "granted": lambda: pgettext("indicator", "granted"),
    "answered": lambda: pgettext("indicator", "answered"),
    "present": lambda: pgettext("indicator", "there"),
    "normal": lambda: pgettext("indicator", "without an alarm"),
    "intact": lambda: pgettext("indicator", "intact"),
    "damaged": lambda: pgettext("indicator", "damaged"),
}
POPULATIONS = {
    "reports": lambda: pgettext("indicator", "reports"),
    "cases": lambda: pgettext("indicator", "cases"),
    "applications": lambda: pgettext("indicator", "applications"),
    "components": lambda: pgettext("indicator", "components"),
    "observations": lambda: pgettext("indicator", "observations"),
}
PERIODS = {
    "day": lambda: _("each day"),
    "week": lambda: _("each week"),
    "month": lambda: _("each month"),
    "quarter": lambda: _("each quarter"),
    "year": lambda: _("each year"),
}
ITEMS = {
    "permit": lambda: _("permit"),
    "registration": lambda: _("registration"),
    "subsidy": lambda: _("subsidy"),
    "booking": lambda: _("booking"),
    "certificate": lambda: _("certificate"),
    "relief": lambda: _("relief"),
}
GEOMETRY = {
    "point": lambda: pgettext("component", "a point"),
    "line": lambda: pgettext("component", "a line"),
    "area": lambda: pgettext("component", "an area"),
}
ACCURACY = {
    "A": lambda: _("accuracy A: half a metre"),
    "B": lambda: _("accuracy B: one metre"),
    "C": lambda: _("accuracy C: ten metres"),
}
ALARMS = {
    "minor": lambda: pgettext("alarm", "minor"),
    "moderate": lambda: pgettext("alarm", "moderate"),
    "severe": lambda: pgettext("alarm", "severe"),
    "extreme": lambda: pgettext("alarm", "extreme"),
}
LEVELS = {
    0: lambda: pgettext("confidentiality", "public"),
    1: lambda: pgettext("confidentiality", "internal"),
    2: lambda: pgettext("confidentiality", "confidential"),
    3: lambda: pgettext("confidentiality", "strictly confidential"),
}
SHARING = {
    "open": lambda: pgettext("dataset", "open to everybody"),
    "shared": lambda: pgettext("dataset", "shared among offices"),
    "conditional": lambda: pgettext("dataset", "shared on request"),
    "closed": lambda: pgettext("dataset", "not shared"),
}
