"""Where a photo's bytes lie, from their digest alone."""


def path(digest: str, side: int = 0) -> str:
    """Give the storage path of the picture, or of its thumbnail of this longest side."""
    folder = f"photos/{digest[:2]}/{digest[2:4]}"
    return f"{folder}/{digest}.{side}" if side else f"{folder}/{digest}"
