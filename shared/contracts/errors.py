"""The errors of this package."""


class ContractError(ValueError):
    """A contract says something that cannot be: names the file, the place in it, and what was expected."""

    def __init__(self, file: str, path: str, reason: str) -> None:
        super().__init__(f"{file}: {path}: {reason}")
        self.file, self.path, self.reason = file, path, reason


class EvolutionError(ValueError):
    """Contracts ask for changes of released tables that no run can make by itself: every one of them, and its
    migration.
    """
