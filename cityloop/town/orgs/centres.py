"""The two centres of the loop, by the keys under which plates, set-up and replays name them."""

SUPERVISION, COMMAND = "supervision_centre", "command_centre"
CENTRES = {
    SUPERVISION: {"en": "Supervision centre", "zh-hans": "监督中心"},
    COMMAND: {"en": "Command centre", "zh-hans": "指挥中心"},
}
