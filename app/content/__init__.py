"""A scheme as pure data: read from its files, checked, and shown; knows no database, no web and no clock."""

from app.content.calendar import Calendar, NamedDate
from app.content.capabilities import CapabilityDeclaration
from app.content.checks import check_scheme
from app.content.form_view import FieldView, FormView, SectionView
from app.content.forms import Form
from app.content.masking import DEFAULT_ID_MASK, Mask
from app.content.matrix import Home, clause_matrix
from app.content.roles import Role, check_holders
from app.content.scenario_parts import Scenario
from app.content.scenarios import Scenarios, read_scenarios
from app.content.scheme import Process, Scheme
from app.content.sources import read_scheme_folder, scheme_folders, scheme_hash
from app.content.worlds import World

__all__ = [
    "DEFAULT_ID_MASK",
    "Calendar",
    "CapabilityDeclaration",
    "FieldView",
    "Form",
    "FormView",
    "Home",
    "Mask",
    "NamedDate",
    "Process",
    "Role",
    "Scenario",
    "Scenarios",
    "Scheme",
    "SectionView",
    "World",
    "check_holders",
    "check_scheme",
    "clause_matrix",
    "read_scenarios",
    "read_scheme_folder",
    "scheme_folders",
    "scheme_hash",
]
