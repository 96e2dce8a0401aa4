#!/bin/sh
// 2>/dev/null; command -v node >/dev/null || { echo 'kubectl gridgate needs Node 22.19 or newer on the PATH; there is none' >&2; exit 2; }; exec node "$0" "$@"
// What krew links as kubectl-gridgate: a shell reads the line above, Node the one below.
import('./main.js');
