"""`python -m local`, which `./lake` runs."""

import sys

from local.cli.main import main

sys.exit(main(sys.argv[1:]))
