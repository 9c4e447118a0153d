"""How long the reading of one file may last, in seconds: 2 GB of rows take hours."""

LONGEST_IMPORT = 6 * 3600
# The task hears of it this long before it is killed.
SAY_STOP_BEFORE = 60
