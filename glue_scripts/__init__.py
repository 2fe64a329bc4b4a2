"""The jobs. Whatever they import comes after a look at what Python has."""

from glue_scripts.packages import check_glue

check_glue()
