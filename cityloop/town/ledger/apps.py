from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "cityloop.town.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
