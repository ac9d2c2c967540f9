"""How personal data look to those who need to recognise it but not to read it."""


def mask_phone(phone: str) -> str:
    """Show the first three and last four characters of a long number, the last two of a short one."""
    if len(phone) >= 10:
        return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]
    return "*" * max(len(phone) - 2, 0) + phone[-2:] if len(phone) > 4 else "*" * len(phone)


def mask_name(name: str) -> str:
    """Show the first letter of each word, or the family name's first character of a Chinese name."""
    return " ".join(word[0] + "*" * min(len(word) - 1, 3) for word in name.split())


def mask_email(email: str) -> str:
    """Show the first letter and the domain."""
    box, _, domain = email.partition("@")
    return f"{box[:1]}***@{domain}" if domain else ""
