"""The verbs of `./lake`, one module each: `configure(parser)` declares its arguments, `execute(arguments)`
returns its exit code.
"""
