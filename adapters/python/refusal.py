"""How an operation ends other than well. Codes: spec/errors.md."""


class Refusal(Exception):
    """An answer of kind `err`; `code` is of the registry, `detail` holds no secret."""

    def __init__(self, code, detail=""):
        super().__init__(detail)
        self.code = code


class Unsupported(Exception):
    """An answer of kind `unsupported`: names what is missing."""
