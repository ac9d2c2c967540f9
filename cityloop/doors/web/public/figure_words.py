"""What the columns of the open figures mean, for the page and for the data itself."""

from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.loops.cases.daily.asking import OfMatter


def columns() -> dict[str, str]:
    """Say of each column what it counts."""
    return {
        "from, to, since, days": _("the days of the city, both within; when the first begins; how many they are"),
        "unit, agency": _("the part of the city, with all below it; who leads the cases, empty for all"),
        "at, counted_through": _("when this was asked for; the last day kept counted, those after it are counted now"),
        "matter, name, matters": _(
            "a matter's code and name; without a code: so many matters together, each of them too few to be told of"
        ),
        "received": _("cases that came in on these days"),
        "closed": _("cases checked and closed on these days, whenever they came in"),
        "limited, late": _("of those closed: a limit of ours ran; closed late, their handling past its limit"),
        "late_adjusted": _("of the late: without those whose department appealed and was found to be right"),
        "within_limit_percent": _("of those limited, how many were not closed late, rounded down"),
        "within_limit_percent_adjusted": _("the same, late as adjusted after appeals"),
        "timed": _("of those closed: their times can be right and are known to the second"),
        "median_seconds": _("of those timed, from coming in to closing, to within one percent"),
        "reopened, disputed": _("how often cases were reopened, and how often who reported said: it is not fixed"),
        "open, overdue": _("cases open at the end of these days; of them past their limit now, for days until today"),
        "before": _("the same of as many days just before"),
    }


def matter(one: OfMatter) -> str:
    """Name a matter, or say of how many others the row tells together."""
    return names.matter(one.matter) if one.matter else _("{n} other matters together").format(n=one.matters)
