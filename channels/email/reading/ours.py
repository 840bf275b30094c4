"""How the desk knows its own mails and addresses."""

from dataclasses import dataclass

from channels.email.domain import ascii_address


@dataclass(frozen=True, slots=True)
class Ours:
    """What is ours.

    Attributes:
        addresses: of the desk, as `ascii_address` gives them; "@example.org" stands for every address of that domain.
        marker: what mails of this desk carry in X-Loop; empty for none.
    """

    addresses: tuple[str, ...] = ()
    marker: str = ""

    def owns(self, address: str) -> bool:
        """Whether mail from there is mail from the desk itself; what follows a plus does not matter."""
        local, _, domain = ascii_address(address).rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return plain in self.addresses or f"@{domain}" in self.addresses
