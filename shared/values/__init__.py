"""How values are spelled: one plan for each column, from which both readers, the reasons and the docs come.

Nothing is read that the contract does not say.
"""

from shared.values.declared import Declared
from shared.values.plan import Plan, UnreadableFormatError, compiled

__all__ = ["Declared", "Plan", "UnreadableFormatError", "compiled"]
