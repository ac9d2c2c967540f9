"""Links as QR codes."""

import segno


def qr(link: str) -> tuple[int, str]:
    """Draw a link as a QR code: its side, and the path of its dark squares, for an SVG."""
    rows = list(segno.make(link, error="m", micro=False).matrix_iter(border=2))
    squares = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark]
    return len(rows), "".join(squares)
