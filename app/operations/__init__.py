"""Verbs: the only writers. They take the actor and the instant, and never commit."""

# Importing a capability's module puts it on the allow-list.
from app.operations.access import allotment as allotment
from app.operations.paying import payments as payments
from app.operations.registers import archives as archives
from app.operations.registers import bars as bars
from app.operations.registers import certificates as certificates
from app.operations.registers import corrections as corrections
from app.operations.registers import places as places
from app.operations.registers import progress as progress
from app.operations.registers import register as register
from app.operations.registers import releases as releases
from app.operations.registers import shares as shares
from app.operations.registers import transfers as transfers
from app.operations.telling import notices as notices
