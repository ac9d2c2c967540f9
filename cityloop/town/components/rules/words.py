"""The words of the standard that a component is told in."""

STATES = ("intact", "damaged", "lost", "discarded")  # 完好 破损 丢失 废弃
ROLES = ("responsible", "owner", "maintainer")  # of organisations
ACCURACIES = ("A", "B", "C")  # of a position: ±0.5 m, ±1 m, ±10 m
