"""Contributors, known by pseudonyms from the moment that a file is read."""

import secrets
from collections.abc import Collection

from scuderia.datasets.engine.pseudonyms import pseudonym_of
from scuderia.datasets.models.judgments import Contributor, PseudonymKey
from scuderia.datasets.nouns import ContributorKind


def secret_of(customer: str) -> bytes:
    """Return the secret behind the pseudonyms of a customer's contributors; made when first asked.

    Who can read the database can find it; a list of pseudonyms alone turns none of them back.
    """
    made, _ = PseudonymKey.objects.get_or_create(
        customer=customer, defaults={"secret": secrets.token_hex(32)}
    )
    return bytes.fromhex(made.secret)


def known_secret(customer: str) -> bytes | None:
    """Return that secret, or None before the first import."""
    made = PseudonymKey.objects.filter(customer=customer).first()
    return None if made is None else bytes.fromhex(made.secret)


class ContributorBook:
    """The contributors of one customer, by the names that one file calls them."""

    def __init__(self, customer: str, kind: ContributorKind) -> None:
        self.customer, self.kind = customer, kind
        self.secret = secret_of(customer)
        self._ids: dict[str, int] = {}

    def ids(self, names: Collection[str]) -> dict[str, int]:
        """Return the id of each, in the caller's transaction; who was not known is from now on."""
        strange = {pseudonym_of(self.secret, name): name for name in set(names) - self._ids.keys()}
        if strange:
            Contributor.objects.bulk_create(
                [
                    Contributor(customer=self.customer, pseudonym=pseudonym, kind=self.kind)
                    for pseudonym in sorted(strange)
                ],
                ignore_conflicts=True,
            )
            found = Contributor.objects.filter(
                customer=self.customer, pseudonym__in=list(strange)
            ).values_list("pseudonym", "pk")
            self._ids |= {strange[pseudonym]: pk for pseudonym, pk in found}
        return self._ids
