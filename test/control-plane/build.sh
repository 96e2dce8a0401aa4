#!/usr/bin/env bash
# Builds the real control plane the e2e tests run against into .control-plane/bin, from the Go modules beside this script.
# Versions are those of the go.mod files; what is already built for them is left alone.
# Exit codes: 0 everything is there, 3 no Go, anything else a failed build.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=$root/.control-plane/bin
stamps=$root/.control-plane/stamps
binaries=(etcd kwok kube-apiserver kube-controller-manager kube-scheduler kubectl)

has_all_binaries() {
  for name in "${binaries[@]}"; do [ -x "$1/$name" ] || return 1; done
}

# module_of BINARY: the folder of the Go module that requires it. Three modules, because their dependencies conflict.
module_of() {
  case $1 in etcd | kwok) echo "$1" ;; *) echo kubernetes ;; esac
}

package_of() {
  case $1 in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    kwok) echo sigs.k8s.io/kwok/cmd/kwok ;;
    *) echo "k8s.io/kubernetes/cmd/$1" ;;
  esac
}

# The Kubernetes binaries refuse or misreport features without their version; etcd and kwok carry theirs in the source.
version_flags() {
  local version major minor
  version=$(go -C "$here/kubernetes" list -m -f '{{.Version}}' k8s.io/kubernetes)
  IFS=. read -r major minor _ <<<"${version#v}"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=%s -X %s.gitMajor=%s -X %s.gitMinor=%s ' \
      "$package" "$version" "$package" "$major" "$package" "$minor"
  done
}

build() {
  local name=$1 module partial ldflags='-s -w'
  module=$(module_of "$name")
  local stamp=$stamps/$name fingerprint
  fingerprint=$(cat "$here/$module/go.mod" "$here/$module/go.sum" "$here/build.sh" | cksum)
  if [ -x "$bin/$name" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$fingerprint" ]; then
    echo "$name: already built"
    return
  fi

  SECONDS=0
  [ "$module" != kubernetes ] || ldflags+=" $(version_flags)"
  # Renaming at the end means that a kill in the middle leaves no half-built binary under its real name.
  partial=$bin/.$name.partial.$$
  CGO_ENABLED=0 go -C "$here/$module" build -trimpath -ldflags "$ldflags" -o "$partial" "$(package_of "$name")"
  mv "$partial" "$bin/$name"
  echo "$fingerprint" >"$stamp"
  echo "$name: built in ${SECONDS} s"
}

if [ -n "${KUBEBUILDER_ASSETS:-}" ] && has_all_binaries "$KUBEBUILDER_ASSETS"; then
  echo "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS has all of: ${binaries[*]}. Nothing to build."
  exit 0
fi
if ! command -v go >/dev/null; then
  echo "Building the test control plane needs Go 1.26 or newer (https://go.dev/dl), and there is no 'go' on the PATH." >&2
  echo "Or set KUBEBUILDER_ASSETS to a folder with: ${binaries[*]}." >&2
  exit 3
fi

mkdir -p "$bin" "$stamps"
trap 'rm -f "$bin"/.*.partial.$$' EXIT
for name in "${binaries[@]}"; do build "$name"; done
