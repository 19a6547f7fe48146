#!/usr/bin/env bash
# The packed tarball installs into an empty folder and answers `dub --version` with the version of package.json.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tarball=$(npm pack --silent --ignore-scripts --pack-destination "$folder")
tar -tzf "$folder/$tarball" > "$folder/files"
if grep -qE '^package/(src|test|fixtures|\.ci|bin/setup)' "$folder/files"; then
  echo "packed: files that users do not need are in $tarball" >&2
  exit 1
fi
mkdir "$folder/empty"
cd "$folder/empty"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --prefer-offline --ignore-scripts "$folder/$tarball"
wanted=$(node -p "require('./node_modules/dubbing/package.json').version")
said=$(./node_modules/.bin/dub --version)
[ "$said" = "$wanted" ] || { echo "packed: dub --version says '$said', the package is $wanted" >&2; exit 1; }
echo "packed: $tarball installs and answers $said"
