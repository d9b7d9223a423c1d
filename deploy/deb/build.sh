#!/usr/bin/env bash
# Builds the Debian package of a binary that is there already:
#
#   deploy/deb/build.sh target/release/lightsout target/deb
#
# and prints the path of the .deb. The same binary and the same SOURCE_DATE_EPOCH (without one, the time of the last commit)
# give the same bytes, wherever and by whomever it is built. DEB_VERSION names another version than the binary's own.
# DEB_MAINTAINER whose address stands in it, DEB_COMPRESSION and DEB_LEVEL how dpkg-deb packs it (xz, 6).
# Needs dpkg-deb, gzip and readelf.
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC

fail() { printf 'build.sh: %s\n' "$*" >&2 && exit 1; }

(($# == 2)) || fail "say which binary, and into which folder"
binary=$(realpath -- "$1")
mkdir -p -- "$2"
into=$(realpath -- "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[[ -x $binary ]] || fail "$binary is no program"

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || true)}
[[ $SOURCE_DATE_EPOCH =~ ^[0-9]+$ ]] || fail "no git here to say when the last commit was: set SOURCE_DATE_EPOCH"
export SOURCE_DATE_EPOCH
version=${DEB_VERSION:-$("$binary" --version | cut -d' ' -f2)}
[[ $version =~ ^[0-9][0-9A-Za-z.+~]*$ ]] || fail "\`$version\` is no version of Debian's kind"
maintainer=${DEB_MAINTAINER:-Lightsout maintainers <lightsout@localhost.localdomain>}

case $(readelf --file-header "$binary") in
    *X86-64*) architecture=amd64 ;;
    *AArch64*) architecture=arm64 ;;
    *) fail "$binary is for a machine that no package is made for" ;;
esac

# What the binary needs of the C library, by the newest symbol that it asks for; a static one needs nothing.
depends="ca-certificates, passwd"
if readelf --program-headers "$binary" | grep -q INTERP; then
    newest=$(readelf --version-info "$binary" | grep -o 'GLIBC_2\.[0-9.]*' | sort -u -V | tail -n 1)
    depends="libc6 (>= ${newest#GLIBC_}), libgcc-s1, $depends"
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"
doc=$root/usr/share/doc/lightsout

put() { install -D -m 0644 -- "$1" "$root/$2"; }

install -D -m 0755 -- "$binary" "$root/usr/bin/lightsout"
for unit in lightsout.service lightsout-sweep.service lightsout-sweep.timer; do
    mkdir -p "$root/usr/lib/systemd/system"
    sed -e 's|/usr/local/bin/lightsout|/usr/bin/lightsout|' -e 's|Install as /etc/systemd/system/|Installed as |' \
        "deploy/$unit" >"$root/usr/lib/systemd/system/$unit"
done

# Settings. Everything there is a conffile: what an operator changed outlasts upgrades. They are short, because a conffile that
# changed on both sides makes dpkg ask; the file with every setting changes with many releases, and is an example.
put deploy/deb/lightsout.toml etc/lightsout/lightsout.toml
put config/lightsout.toml usr/share/doc/lightsout/examples/lightsout.toml
put deploy/deb/first.toml etc/lightsout/policies/first.toml
(cd "$root" && find etc -type f | sort | sed 's|^|/|') >"$root/conffiles"

for file in deploy/README.md README.md; do put "$file" "usr/share/doc/lightsout/$(tr / - <<<"$file")"; done
put deploy/lightsout.cron usr/share/doc/lightsout/examples/lightsout.cron
for role in deploy/role*.json; do put "$role" "usr/share/doc/lightsout/examples/$(basename "$role")"; done
put config/prices.toml usr/share/doc/lightsout/examples/prices.toml
for file in config/policies/*.toml config/policies/holidays/*; do
    put "$file" "usr/share/doc/lightsout/examples/${file#config/}"
done
put config/openapi.json usr/share/lightsout/openapi.json
put config/policy.schema.json usr/share/lightsout/policy.schema.json

{
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: lightsout\n\n'
    printf 'Files: *\nCopyright: 2026 the authors of Lightsout\nLicense: Apache-2.0\n'
    printf ' On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.\n'
} >"$doc/copyright"
{
    printf 'lightsout (%s) unstable; urgency=medium\n\n' "$version"
    printf '  * What changes for those who run it is in NEWS.md.gz beside this file.\n\n'
    printf ' -- %s  %s\n' "$maintainer" "$(date -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"
gzip -9nc CHANGELOG.md >"$doc/NEWS.md.gz"

"$binary" man --dir "$root/usr/share/man/man1"
gzip -9n "$root"/usr/share/man/man1/*.1
for shell in bash:bash-completion/completions/lightsout zsh:zsh/vendor-completions/_lightsout \
    fish:fish/vendor_completions.d/lightsout.fish; do
    mkdir -p "$(dirname "$root/usr/share/${shell#*:}")"
    "$binary" completions "${shell%%:*}" >"$root/usr/share/${shell#*:}"
done

mkdir "$root/DEBIAN"
mv "$root/conffiles" "$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 0755 "deploy/deb/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
cat >"$root/DEBIAN/control" <<CONTROL
Package: lightsout
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k --apparent-size --summarize "$root" --exclude DEBIAN | cut -f1)
Depends: $depends
Recommends: tzdata
Suggests: prometheus
Section: admin
Priority: optional
Description: stops Azure Machine Learning compute instances nobody uses
 Lightsout reads all compute instances of the workspaces it is given every few
 minutes, decides for each by policy, warns before it stops one, and shows what
 instances cost and what stopping them avoided.
 .
 A new installation only observes: it stops nothing until a policy says
 mode = "enforce".
CONTROL

find "$root" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
out="$into/lightsout_${version}_$architecture.deb"
dpkg-deb --root-owner-group "-Z${DEB_COMPRESSION:-xz}" "-z${DEB_LEVEL:-6}" --build "$root" "$out" >/dev/null
printf '%s\n' "$out"
