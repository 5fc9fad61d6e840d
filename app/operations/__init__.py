"""Verbs: the only writers. They take the actor and the instant, and never commit."""

# Importing a capability's module puts it on the allow-list.
from app.operations import allotment as allotment
from app.operations import archives as archives
from app.operations import bars as bars
from app.operations import certificates as certificates
from app.operations import corrections as corrections
from app.operations import notices as notices
from app.operations import payments as payments
from app.operations import places as places
from app.operations import progress as progress
from app.operations import register as register
from app.operations import releases as releases
from app.operations import shares as shares
from app.operations import transfers as transfers
