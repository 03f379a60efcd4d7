#!/bin/sh
# Gives every file below a folder that is younger than SOURCE_DATE_EPOCH that time, so that a layer depends on content alone.
# numba's cache knows a module by size and time: settle before it is compiled, and again after.
set -eu

find "$1" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
