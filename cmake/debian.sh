# shellcheck shell=bash
# Shell functions for a Debian machine that may have nothing but git and apt. To be sourced by bash.
#
#   install_packages GROUP...    installs what is missing of those groups of debian-packages.txt
#   download_package NAME TO     puts the package's .deb into the folder TO without installing it
#   unpack_packages TO NAME...   puts the packages' files into the folder TO without installing them; or fails

package_list=$(dirname "${BASH_SOURCE[0]}")/debian-packages.txt

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Runs quietly; shows what was said only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" </dev/null >"$log" 2>&1 || status=$?
  ((status == 0)) || tail -n 40 "$log" >&2
  rm -f "$log"
  return "$status"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "this needs root and there is no sudo: $*" >&2
    return 1
  fi
}

# Waits for another apt that is at work instead of failing beside it.
apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

packages_of() {
  local group
  for group; do
    awk -v group="$group" '$1 == group { print $2 }' "$package_list"
  done
}

# A program that came from elsewhere (npm often does, and Debian's then refuses to be installed
# beside it) is as good as the package of its name.
is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]] ||
    command -v "$1" >/dev/null
}

install_packages() {
  local package missing=()
  command -v apt-get >/dev/null || fail "apt-get not found: install these yourself: $(packages_of "$@" | xargs)"
  for package in $(packages_of "$@"); do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  ((EUID == 0)) || command -v sudo >/dev/null ||
    fail "packages are missing, and there is no sudo; as root: apt-get install ${missing[*]}"
  echo "installing ${missing[*]}" >&2
  # The package lists are brought up to date only when they turn out to be absent or stale.
  apt_get install --no-install-recommends "${missing[@]}" </dev/null >/dev/null 2>&1 && return
  quietly apt_get update || fail "apt-get update failed"
  quietly apt_get install --no-install-recommends "${missing[@]}" ||
    fail "cannot install: apt-get install ${missing[*]}"
}

download_package() {
  local name=$1 to=$2 options=(-q -o Acquire::Retries=3)
  command -v apt-get >/dev/null || return 1
  # As root, apt would download as a user who cannot write to the folder, and warn.
  if ((EUID == 0)); then options+=(-o APT::Sandbox::User=root); fi
  (cd "$to" && quiet_download "${options[@]}" "$name")
}

unpack_packages() {
  local to=$1 name packages
  for name in "${@:2}"; do
    packages=$(mktemp -d)
    download_package "$name" "$packages" || fail "cannot download the Debian package $name"
    dpkg -x "$packages"/*.deb "$to"
    rm -r "$packages"
  done
}

quiet_download() {
  apt-get "${@:1:$#-1}" download "${!#}" </dev/null >/dev/null 2>&1 && return
  quietly apt_get update && quietly apt-get "${@:1:$#-1}" download "${!#}"
}
