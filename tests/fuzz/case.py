"""A call of a kernel with arguments that may be spoiled."""


class Case:
    """A call of a kernel, and what it must give.

    Parameters
    ----------
    call : callable
        The kernel, or a function that makes its handles of arrays and calls it.
    expected : callable
        Given the arguments and what the kernel returned, raises if that is wrong.
    trusted : container of str
        Arrays whose sizes the kernel checks, but not what they hold.
    **arguments : dict
    """

    def __init__(self, call, expected, trusted=(), **arguments):
        self.call = call
        self.expected = expected
        self.trusted = trusted
        self.arguments = arguments

    def run(self, compare=True):
        """Call the kernel, and compare what it gives."""
        result = self.call(**self.arguments)
        if compare:
            self.expected(self.arguments, result)
