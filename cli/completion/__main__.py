"""`python -m cli.completion WORD… CURRENT`, which the shells' scripts call by way of `./lake`: what may stand
for the last word, one a line, with what it is after a tab; `:path` where the shell itself knows better.
"""

import sys

from cli.completion.candidates import candidates

print("\n".join(candidates(sys.argv[1:])))
