"""Secrets under telling names."""
import victim


class Account:
    def __init__(self):
        self.user = "ada"
        self.private_key = "hunter-attribute"


def login(user, password, options):
    api_key = "hunter-local"
    account = Account()
    headers = {"Authorization": "hunter-key", "Accept": "text/plain", "nested": {"session_id": "hunter-nested"}}
    payroll = "hunter-extra"
    shown = "not a secret"
    victim.step()


login("ada", "hunter-argument", {"db_passwd": "hunter-option"})
