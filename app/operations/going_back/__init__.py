"""A case that goes back: given back 退回 by an office, or taken back 撤回 by who has just decided."""
