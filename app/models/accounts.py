"""Accounts, their second factors and their server-side sessions."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Id, Instant, OptionalInstant, OptionalOrganisationRef


class Account(Model):
    """A login of one person who acts for one organisation, or for nobody but themselves.

    `duties`: operator 经办, supervisor 监督, administrator 系统管理, designer 流程设计; or applicant 申报人
    alone, of no organisation. `person_id` says who an applicant is, and links an officer to the register, so
    that nobody decides on their own case (ALL-04): whoever is both has two accounts.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index(
            "ix_account_applicant",
            "person_id",
            unique=True,
            postgresql_where=text("'applicant' = any(duties) and disabled_at is null"),
        ),
    )

    id: Mapped[Id]
    login: Mapped[Code] = mapped_column(unique=True)
    password_hash: Mapped[str]
    name: Mapped[str]
    organisation_id: Mapped[OptionalOrganisationRef] = mapped_column(index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    duties: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[OptionalInstant]
    disabled_at: Mapped[OptionalInstant]
    created_at: Mapped[Instant]
    password_changed_at: Mapped[OptionalInstant]


class Activation(Model):
    """The one-time code with which an applicant sets their own password; gone once it was used."""

    __tablename__ = "activation"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    code_digest: Mapped[bytes]
    made_at: Mapped[Instant]
    expires_at: Mapped[Instant]


class SecondFactor(Model):
    """The device that an account's codes come from (TOTP, RFC 6238); it counts from `confirmed_at` on.

    The secret is encrypted. `last_step` is the newest time step whose code was taken, so that no code works
    twice. Of the recovery codes, each good for one time, only keyed digests are kept.
    """

    __tablename__ = "second_factor"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    secret_cipher: Mapped[bytes]
    key_id: Mapped[Code]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    recovery_digests: Mapped[list[bytes]] = mapped_column(ARRAY(BYTEA))
    started_at: Mapped[Instant]
    confirmed_at: Mapped[OptionalInstant]


class WebSession(Model):
    """A signed-in browser; ended at logout and at every password or duty change.

    While it `awaits_code`, the password was right, the second factor is to come, and nobody is signed in.
    """

    __tablename__ = "web_session"

    token_digest: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]
    awaits_code: Mapped[bool] = mapped_column(default=False)


class RegistrationAttempt(Model):
    """A unit's try to register, by what it came from: `address:…`, and by what it named: `code:…`."""

    __tablename__ = "registration_attempt"
    __table_args__ = (Index("ix_registration_attempt_key", "key", "at"),)

    id: Mapped[Id]
    key: Mapped[Code]
    at: Mapped[Instant]


class LoginAttempt(Model):
    """A failed sign-in by address, so that guessing is slowed whatever login it names."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_address", "address", "at"),)

    id: Mapped[Id]
    address: Mapped[Code]
    at: Mapped[Instant]
