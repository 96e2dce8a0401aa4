#!/usr/bin/env bash
# Builds the real control plane the e2e tests run against, from the Go modules beside this script: into .control-plane/bin, or
# with K8S_VERSION=1.37 (see `versions`) into .control-plane/1.37/bin. What is already built for a version is left alone.
# Exit codes: 0 everything is there, 2 no such version, 3 no Go, anything else a failed build.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$(cd "$here/../.." && pwd)/.control-plane
bin=$home/bin
kubernetes=$here/kubernetes
engines=(etcd kwok karpenter metrics-server helm kubeconform) # the same for every version of Kubernetes
binaries=("${engines[@]}" kube-apiserver kube-controller-manager kube-scheduler kubectl)

has_all_binaries() {
  for name in "${binaries[@]}"; do [ -x "$1/$name" ] || return 1; done
}

# module_of BINARY: the folder of the Go module that requires it. Several modules, because their dependencies conflict.
module_of() {
  if [ -d "$here/$1" ]; then echo "$here/$1"; else echo "$kubernetes"; fi
}

package_of() {
  case $1 in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    kwok) echo sigs.k8s.io/kwok/cmd/kwok ;;
    karpenter) echo sigs.k8s.io/karpenter/kwok ;; # with its provider of KWOK nodes
    metrics-server) echo sigs.k8s.io/metrics-server/cmd/metrics-server ;;
    helm) echo helm.sh/helm/v4/cmd/helm ;;
    kubeconform) echo github.com/yannh/kubeconform/cmd/kubeconform ;;
    *) echo "k8s.io/kubernetes/cmd/$1" ;;
  esac
}

# write_module VERSION FOLDER: a module like ours for another version of Kubernetes. Its dependencies are those that version asks
# for itself, held to Go's checksum database.
write_module() {
  local version=$1 folder=$2 theirs
  grep -qs " $version " "$folder/go.mod" && return
  theirs=$(cd / && go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/^\t"GoMod": "\(.*\)",\{0,1\}$/\1/p')
  rm -rf "$folder"
  mkdir -p "$folder.partial"
  {
    echo "module gridgate.dev/test/control-plane/kubernetes"
    grep '^go ' "$theirs"
    sed -n '/^tool (/,/^)/p' "$kubernetes/go.mod"
    echo "require k8s.io/kubernetes $version // indirect"
    # It replaces its staging modules inside its own tree, which a consumer does not inherit.
    sed -n '/sample-/d; s#^\t\(k8s.io/[a-z-]*\) => ./staging/.*#replace \1 => \1 v0'"${version#v1}"'#p' "$theirs"
  } >"$folder.partial/go.mod"
  go -C "$folder.partial" mod tidy -e # samples among its tests are not to be had
  mv "$folder.partial" "$folder"
}

# The Kubernetes binaries refuse or misreport features without their version; the others carry theirs in the source.
version_flags() {
  local version major minor
  version=$(go -C "$kubernetes" list -m -f '{{.Version}}' k8s.io/kubernetes)
  IFS=. read -r major minor _ <<<"${version#v}"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=%s -X %s.gitMajor=%s -X %s.gitMinor=%s ' \
      "$package" "$version" "$package" "$major" "$package" "$minor"
  done
}

# build BINARY FOLDER
build() {
  local name=$1 folder=$2 module partial ldflags='-s -w' fingerprint
  local stamp=$folder/.stamps/$name
  module=$(module_of "$name")
  [ "$module" != "$kubernetes" ] || ldflags+=" $(version_flags)"
  fingerprint=$(cat "$module/go.mod" "$module/go.sum" - <<<"$ldflags" | cksum)
  if [ -x "$folder/$name" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$fingerprint" ]; then
    echo "$name: already built"
    return
  fi

  SECONDS=0
  # Renaming at the end means that a kill in the middle leaves no half-built binary under its real name.
  partial=$folder/.$name.partial.$$
  CGO_ENABLED=0 go -C "$module" build -trimpath -ldflags "$ldflags" -o "$partial" "$(package_of "$name")"
  mv "$partial" "$folder/$name"
  echo "$fingerprint" >"$stamp"
  echo "$name: built in ${SECONDS} s"
}

# copy_crds FOLDER: Karpenter's CustomResourceDefinitions, from the module that it is built from.
copy_crds() {
  local module partial=$1/.karpenter-crds.partial.$$
  module=$(go -C "$here/karpenter" list -m -f '{{.Dir}}' sigs.k8s.io/karpenter)
  mkdir -p "$partial"
  cp "$module"/pkg/apis/crds/*.yaml "$module"/kwok/apis/crds/*.yaml "$partial"
  chmod -R u+w "$partial"
  rm -rf "$1/karpenter-crds"
  mv "$partial" "$1/karpenter-crds"
}

own_version=$(sed -n 's#^\tk8s.io/kubernetes \(v[0-9.]*\).*#\1#p' "$kubernetes/go.mod")
version=$own_version
if [ -n "${K8S_VERSION:-}" ]; then
  version=$(awk -v minor="$K8S_VERSION" '$1 "" == minor "" { print $2 }' "$here/versions")
  if [ -z "$version" ]; then
    echo "K8S_VERSION=$K8S_VERSION: there is $(awk '{ printf "%s%s", (NR > 1 ? ", " : ""), $1 }' "$here/versions")." >&2
    exit 2
  fi
elif [ -n "${KUBEBUILDER_ASSETS:-}" ] && has_all_binaries "$KUBEBUILDER_ASSETS"; then
  echo "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS has all of: ${binaries[*]}. Nothing to build."
  exit 0
fi
if ! command -v go >/dev/null; then
  echo "Building the test control plane needs Go 1.26 or newer (https://go.dev/dl), and there is no 'go' on the PATH." >&2
  echo "Or set KUBEBUILDER_ASSETS to a folder with: ${binaries[*]}." >&2
  exit 3
fi

target=$bin
[ "$version" = "$own_version" ] || target=$home/$K8S_VERSION/bin
mkdir -p "$bin/.stamps" "$target/.stamps"
trap 'rm -rf "$bin"/.*.partial.$$ "$target"/.*.partial.$$' EXIT
copy_crds "$bin"
[ "$target" = "$bin" ] || ln -sfn ../../bin/karpenter-crds "$target/karpenter-crds"
for name in "${engines[@]}"; do
  build "$name" "$bin"
  [ "$target" = "$bin" ] || ln -sf "../../bin/$name" "$target/$name"
done
if [ "$target" != "$bin" ]; then
  write_module "$version" "$home/$K8S_VERSION/module"
  kubernetes=$home/$K8S_VERSION/module
fi
for name in "${binaries[@]:${#engines[@]}}"; do build "$name" "$target"; done
