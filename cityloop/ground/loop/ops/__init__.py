"""The verbs a definition may use on a snapshot. Each changes the draft of a run and nothing else."""

from collections.abc import Callable

from cityloop.ground.loop.ops import checking, intake, parts, requests
from cityloop.ground.loop.run import Run

Op = Callable[[Run], None]

TABLE: dict[str, Op] = {
    "accept": parts.accept,
    "ask": requests.ask,
    "ask_confirmation": checking.ask_confirmation,
    "assign": parts.assign,
    "bounce": parts.bounce,
    "cancel_all": parts.cancel_all,
    "cancel_open": parts.cancel_open,
    "cancel_part": parts.cancel_part,
    "centre_decides": checking.centre_decides,
    "claim": intake.claim,
    "confirm": checking.confirm,
    "decide": requests.decide,
    "dispute": checking.dispute,
    "finish": parts.finish,
    "finish_all": parts.finish_all,
    "fix": intake.fix,
    "fold": intake.fold,
    "lapse": requests.lapse,
    "name_person": intake.name_person,
    "new_round": checking.new_round,
    "note_place": intake.note_place,
    "passed": checking.passed,
    "pin": intake.pin,
    "propose": checking.propose,
    "rate": checking.rate,
    "reach": parts.reach,
    "release": intake.release,
    "renew": intake.renew,
    "renumber": intake.renumber,
    "reopen_parts": parts.reopen_parts,
    "replace_part": parts.replace_part,
    "resolve": checking.resolve,
    "settle": checking.settle,
    "split": intake.split,
    "unfold": intake.unfold,
}
