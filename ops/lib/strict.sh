# shellcheck shell=bash
# What every script begins with: strict mode, and one locale for itself and all that it starts. In
# the caller's locale `i` may have another upper case (Turkish), a number another decimal point
# (German) and a text another order, so that a script would mean something else.

set -Eeuo pipefail
shopt -s inherit_errexit
unset LANGUAGE CDPATH
export LC_ALL=C.UTF-8
