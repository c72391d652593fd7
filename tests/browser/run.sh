#!/bin/sh
# CTest's way to the browser tests: run.sh check|smoke SOURCE-ROOT DEMO-BINARY OUT-FOLDER
# Ends with 77 (skipped) and the reason where something is missing; under CI=true a missing thing is a failure.
set -eu
what=$1 root=$2 demo=$3 out=$4
missing() {
  echo "$1"
  [ "${CI:-}" = true ] && exit 1
  exit 77
}
command -v node >/dev/null || missing "node is not installed (packages.txt: nodejs)"
[ -d "$root/edge/terminal/node_modules" ] || missing "edge/terminal has no node_modules: run npm ci --ignore-scripts there, or ./dev deps"
cd "$root/edge/terminal"
if [ "$what" = check ]; then exec npm run --silent check; fi
[ -x "${RAMPA_CHROMIUM:-/usr/bin/chromium}" ] || missing "chromium is not installed (packages.txt), or name it with RAMPA_CHROMIUM"
dist=${RAMPA_WEB_DIR:-$root/edge/terminal/dist}  # ./dev builds it beside the binaries
[ -f "$dist/index.html" ] || missing "the terminal is not built: run npm run build in edge/terminal, or ./dev web"
[ -d "$root/tests/browser/node_modules" ] || missing "tests/browser has no node_modules: run npm ci --ignore-scripts there, or ./dev deps"
exec node "$root/tests/browser/smoke.mjs" "$demo" "$dist" "$out"
