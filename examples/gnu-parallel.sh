#!/bin/sh
# Dubs every film under a folder, some at a time, with GNU parallel (https://www.gnu.org/software/parallel/).
#
#   examples/gnu-parallel.sh FOLDER LANGUAGES [options of dub…]
#   JOBS=4 examples/gnu-parallel.sh /films en,es --tts qwen
#
# The same call again does only what is missing: `dub batch` leaves finished films and the dubs themselves alone. All
# processes keep to the account's limits together. What came of each film is in dub-jobs.tsv; the exit number is that of
# parallel: how many films failed.
set -eu
folder=$1
languages=$2
shift 2

find "$folder" -type f \( -name '*.mp4' -o -name '*.mkv' -o -name '*.mov' -o -name '*.m4a' \) ! -path '*.dub/*' -print0 |
  parallel --will-cite --null --jobs "${JOBS:-2}" --joblog "${JOBLOG:-dub-jobs.tsv}" --halt never --quote \
    dub batch {} --to "$languages" "$@"
