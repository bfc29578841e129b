#!/bin/sh
#
# release.sh FOLDER: builds the package, and writes what a release consists of into FOLDER:
#
#   isotherm-VERSION.tgz        npm install -g ./isotherm-VERSION.tgz
#   isotherm-VERSION.cdx.json   what it is made of (CycloneDX), by package-lock.json
#   SHA256SUMS                  sha256sum -c SHA256SUMS
#
# Nothing is published and no version is changed: docs/releasing.md says what comes before and after.
set -eu

[ $# -eq 1 ] || { echo "release.sh: expected a folder" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

version=$(node -p 'require("./package.json").version')
grep -q "^## $version" CHANGELOG.md || { echo "release.sh: CHANGELOG.md has no \"## $version\"" >&2; exit 1; }

# npm runs no scripts here (.npmrc), also not the package's own before it is packed.
npm run --silent build
npm pack --silent --pack-destination "$out" >/dev/null
# Left out by the lock file's own word for what only development needs: npm 11 with --omit=dev leaves out some that run, too. And npm
# calls the package as its folder is called.
npm sbom --package-lock-only --sbom-format=cyclonedx | node -e '
  const { packages } = require("./package-lock.json");
  const sbom = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const run = Object.entries(packages).filter(([path, { dev }]) => path !== "" && !dev);
  const refs = new Set(run.map(([path, { version }]) => path.split("node_modules/").pop() + "@" + version));
  const root = sbom.metadata.component["bom-ref"];
  sbom.metadata.component.name = "isotherm";
  sbom.components = sbom.components.filter((each) => refs.has(each["bom-ref"]));
  const known = new Set([root, ...sbom.components.map((each) => each["bom-ref"])]);
  sbom.dependencies = sbom.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => known.has(each)) }));
  console.log(JSON.stringify(sbom, null, 2));
' >"$out/isotherm-$version.cdx.json"
cd "$out"
sha256sum "isotherm-$version.tgz" "isotherm-$version.cdx.json" >SHA256SUMS
ls -l "$out"
