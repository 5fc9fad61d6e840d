"""The tables, a file a noun."""

from app.models.accounts import (
    Account,
    Activation,
    LoginAttempt,
    RegistrationAttempt,
    SecondFactor,
    WebSession,
)
from app.models.acts import Act
from app.models.assigning import Cosigner, Deputy
from app.models.bars import Bar
from app.models.cases import Case, Incident, MessageWait, Task, TaskDraft, TaskValue, Timer
from app.models.certificates import Certificate, CertificateCopy
from app.models.company import CaseCopy, Phrase
from app.models.deployments import Deployment, DeploymentFile
from app.models.desk import KeptForm, SavedFilter, TaskPresence
from app.models.files import Attachment
from app.models.history import History, HistoryPayload
from app.models.imports import Import, ImportRow
from app.models.messages import Message, Notice
from app.models.organisations import Jurisdiction, Organisation, OrganisationName, Region, Subordination
from app.models.outbox import Contact, Post
from app.models.overlays import Overlay
from app.models.payments import Payment, PaymentCallback, Reconciliation
from app.models.people import EnteredIdNumber, Person
from app.models.proof import ProofRoot
from app.models.quotas import PlaceClaim, PostQuota, ShareClaim, SharePool
from app.models.register import AssessmentResult, Holding
from app.models.requests import IdempotencyKey
from app.models.search import CaseKey, OrganisationKey, PersonKey
from app.models.settings import DatabaseMark, Holiday, SchemeClock
from app.models.work import Work, WorkItem

__all__ = [
    "Account",
    "Act",
    "Activation",
    "AssessmentResult",
    "Attachment",
    "Bar",
    "Case",
    "CaseCopy",
    "CaseKey",
    "Certificate",
    "CertificateCopy",
    "Contact",
    "Cosigner",
    "DatabaseMark",
    "Deployment",
    "DeploymentFile",
    "Deputy",
    "EnteredIdNumber",
    "History",
    "HistoryPayload",
    "Holding",
    "Holiday",
    "IdempotencyKey",
    "Import",
    "ImportRow",
    "Incident",
    "Jurisdiction",
    "KeptForm",
    "LoginAttempt",
    "Message",
    "MessageWait",
    "Notice",
    "Organisation",
    "OrganisationKey",
    "OrganisationName",
    "Overlay",
    "Payment",
    "PaymentCallback",
    "Person",
    "PersonKey",
    "Phrase",
    "PlaceClaim",
    "Post",
    "PostQuota",
    "ProofRoot",
    "Reconciliation",
    "Region",
    "RegistrationAttempt",
    "SavedFilter",
    "SchemeClock",
    "SecondFactor",
    "ShareClaim",
    "SharePool",
    "Subordination",
    "Task",
    "TaskDraft",
    "TaskPresence",
    "TaskValue",
    "Timer",
    "WebSession",
    "Work",
    "WorkItem",
]
