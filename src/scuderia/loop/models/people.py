"""Who may do what where: people's memberships, tokens and accounts elsewhere; failed sign-ins."""

from django.conf import settings
from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.nouns import Role


class Membership(models.Model):
    """One person's role on one scope; taken roles keep their row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=16)
    scope = models.CharField(max_length=161)
    given_by = models.CharField(max_length=80)
    given_at = models.DateTimeField()
    taken_by = models.CharField(max_length=80, default="", blank=True)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("role", Role, name="loop_membership_role"),
            models.UniqueConstraint(
                fields=["person", "scope"],
                condition=models.Q(taken_at__isnull=True),
                name="loop_membership_one_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} on {self.scope}"


class ApiToken(models.Model):
    """A hashed, scoped, expiring, revocable key that speaks for one person, never for more.

    powers   the powers it narrows its person to
    scope    the subtree it narrows its person to
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens"
    )
    name = models.CharField(max_length=64)
    prefix = models.CharField(max_length=16, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    powers = models.JSONField(default=list)
    scope = models.CharField(max_length=161, default="*")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], name="loop_token_name_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"


class Identity(models.Model):
    """Which account at a provider is this person; bound at the first sign-in over it.

    issuer, subject   the account, as the provider's signed word names it
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="identities"
    )
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    bound_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="loop_identity_once"),
            models.UniqueConstraint(fields=["person", "issuer"], name="loop_identity_one_each"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class SignInFailure(models.Model):
    """One attempt to sign in that has not proved right; counted for an hour.

    name_sha256   of the name given, known or not: a password typed there is not kept
    network       the address it came from; of IPv6 the /64
    """

    name_sha256 = models.CharField(max_length=64)
    network = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["name_sha256", "at"], name="loop_failure_by_name"),
            models.Index(fields=["network", "at"], name="loop_failure_by_network"),
        ]

    def __str__(self) -> str:
        return f"{self.name_sha256[:8]} from {self.network} at {self.at}"
