"""Identity codes of components: 16 digits, as in GB/T 30428.2: division, class, subclass, serial number.

The division has six digits; a city says how wide class and subclass are (2 + 2 or, in the newer schema, 2 + 3), and
the serial number has the rest.
"""

from dataclasses import dataclass

from cityloop.ground.kit.refusal import Refusal

LENGTH, DIVISION = 16, 6


@dataclass(frozen=True, slots=True)
class Identity:
    """How a city writes its codes."""

    class_width: int = 2
    subclass_width: int = 2

    def __post_init__(self) -> None:
        if self.class_width not in (2, 3) or self.subclass_width not in (2, 3) or self.serial_width < 4:
            raise Refusal("components.widths", "Class and subclass have 2 or 3 digits each.", "class_width")

    @property
    def serial_width(self) -> int:
        """Give how many digits the serial number has."""
        return LENGTH - DIVISION - self.class_width - self.subclass_width

    @property
    def most(self) -> int:
        """Give the greatest serial number."""
        return int(10**self.serial_width) - 1

    def numbers(self, class_: str, subclass: str) -> str:
        """Give the digits of a class and subclass; refuse what are no numbers of these widths."""
        digits = class_.zfill(self.class_width) + subclass.zfill(self.subclass_width)
        if not (is_digits(digits) and len(digits) == self.class_width + self.subclass_width):
            raise Refusal(
                "components.type.numbers",
                "Class {one} and subclass {other} are no numbers of {width} digits: components of this type have no "
                "codes.",
                "type",
                one=class_,
                other=subclass,
                width=self.class_width + self.subclass_width,
            )
        return digits

    def prefix(self, division: str, class_: str, subclass: str) -> str:
        """Give what the codes of one division and type begin with."""
        if not (is_digits(division) and len(division) == DIVISION):
            raise Refusal(
                "components.division", "A division has {width} digits; {given!r} has not.", "divisions",
                width=DIVISION, given=division,
            )  # fmt: skip
        return division + self.numbers(class_, subclass)

    def code(self, prefix: str, serial: int) -> str:
        """Give the code of a serial number."""
        return prefix + str(serial).zfill(LENGTH - len(prefix))

    def split(self, code: str, field: str = "code") -> tuple[str, int]:
        """Give the prefix and the serial number of a code; refuse what is none."""
        check(code, field)
        end = LENGTH - self.serial_width
        return code[:end], int(code[end:])


def check(code: str, field: str = "code") -> str:
    """Give a code back when it is well formed, else refuse."""
    if not (is_digits(code) and len(code) == LENGTH):
        raise Refusal("components.code", "An identity code has {width} digits.", field, width=LENGTH)
    return code


def is_digits(text: str) -> bool:
    """Tell whether a text is of ASCII digits alone."""
    return text.isascii() and text.isdigit()
