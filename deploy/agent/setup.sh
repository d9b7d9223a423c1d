#!/usr/bin/env bash
# Installs the agent of Lightsout on an Azure ML compute instance, as its creation or startup script. See deploy/README.md.
#
#   setup.sh install      root: installs what is missing or has changed, enables and starts it. Run it as often as you like
#   setup.sh check        the same for a startup script: does nothing where all is as it should be
#   setup.sh uninstall    takes everything away again
#
# Settings, each an environment variable or an argument NAME=VALUE after the command:
#   LIGHTSOUT_URL            where the service is: https://lightsout.example
#   LIGHTSOUT_TOKEN_FILE     a file with this instance's token. {name} in it becomes the instance's name. Not needed, and
#                            not read, where LIGHTSOUT_CONFIG says `identity = "managed"` on a line of its own
#   LIGHTSOUT_BINARY         the agent: a path on a mounted file share, or an https address
#   LIGHTSOUT_SHA256         the checksum of that binary, in hexadecimal; nothing is run without it
#   LIGHTSOUT_CONFIG         optional: a settings file for the agent; without one, url and defaults
#   LIGHTSOUT_CONFIG_SHA256  optional: the checksum of that file, in hexadecimal; with it, no other settings are installed.
#                            Name it where others may write to the place of the file
#   LIGHTSOUT_STRICT         optional: 1 exits with the real code. Without it, it exits 0 whatever happens, because
#                            Azure ML gives up an instance whose setup script fails, and an agent is not worth that
#   LIGHTSOUT_ROOT           optional, for tests: installs below this folder, and calls no systemctl
#   CI_NAME, CI_WORKSPACE, CI_RESOURCE_GROUP    as Azure ML sets them; the token has to agree
#
# With `identity = "managed"` the environment alone, never an argument, says where tokens are had:
#   MSI_ENDPOINT, MSI_SECRET    as Azure ML sets them; kept in a file that root alone reads. Without them those of the
#                               last installation count, and without any the agent asks 169.254.169.254
#
# Whatever fails, the instance is left as it was: every file that was replaced is put back.
# Real exit codes: 0 done, 2 called wrongly, 3 the binary or the settings could not be had or have another checksum,
# 4 installed and not working, rolled back.
set -euo pipefail
umask 022

say() { printf 'lightsout-agent setup: %s\n' "$*" >&2; }

command=${1:-install}
(($# == 0)) || shift
for word in "$@"; do
    case $word in
        LIGHTSOUT_URL=* | LIGHTSOUT_TOKEN_FILE=* | LIGHTSOUT_BINARY=* | LIGHTSOUT_SHA256=* | LIGHTSOUT_CONFIG=* | LIGHTSOUT_CONFIG_SHA256=* | LIGHTSOUT_STRICT=* | LIGHTSOUT_ROOT=* | CI_NAME=* | CI_WORKSPACE=* | CI_RESOURCE_GROUP=*)
            declare "$word"
            ;;
        *)
            say "what is \`$word\`? see the head of this script"
            [[ ${LIGHTSOUT_STRICT:-} == 1 ]] && exit 2
            exit 0
            ;;
    esac
done

root=${LIGHTSOUT_ROOT:-}
binary=$root/usr/local/bin/lightsout
folder=$root/etc/lightsout-agent
unit=$root/etc/systemd/system/lightsout-agent.service
state=$root/var/lib/lightsout-agent

work=""
changed=()
was_enabled=""
was_active=""
began=""
managed=""
state_is_new=""

systemd() {
    [[ -n $root ]] || systemctl "$@"
}

# --- leaving everything as it was ---

# keep PATH: remembers what stands at PATH, or that nothing does, before it is changed.
keep() {
    local copy
    copy=$work/was/$(printf '%s' "$1" | sha256sum | cut -d' ' -f1)
    if [[ -e $1 ]]; then cp -a -- "$1" "$copy"; fi
    changed+=("$1" "$copy")
}

roll_back() {
    local i
    if [[ -n $began && -z $was_active ]]; then systemd stop lightsout-agent.service 2>/dev/null || true; fi
    for ((i = ${#changed[@]} - 2; i >= 0; i -= 2)); do
        if [[ -e ${changed[i + 1]} ]]; then
            cp -a -- "${changed[i + 1]}" "${changed[i]}.old" && mv -fT -- "${changed[i]}.old" "${changed[i]}"
        elif [[ -d ${changed[i]} ]]; then
            rmdir -- "${changed[i]}" 2>/dev/null || true
        else
            rm -f -- "${changed[i]}"
        fi
    done
    [[ -n $began ]] || return 0
    [[ -z $state_is_new ]] || rm -rf -- "$state"
    [[ -n $was_enabled ]] || rm -f -- "$root/etc/systemd/system/multi-user.target.wants/lightsout-agent.service"
    systemd daemon-reload || true
    [[ -z $was_active ]] || systemd restart lightsout-agent.service || true
}

finish() {
    local code=$?
    trap - EXIT
    if ((code != 0)) && [[ -n $work ]]; then
        say "failed; leaving everything as it was"
        set +e
        roll_back
    fi
    [[ -z $work ]] || rm -rf -- "$work"
    if ((code != 0)) && [[ ${LIGHTSOUT_STRICT:-} != 1 ]]; then
        say "code $code, told to nobody: the instance goes on without the agent"
        code=0
    fi
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

stop_with() { # stop_with CODE WORDS…
    local code=$1
    shift
    say "$*"
    exit "$code"
}

# --- the parts ---

# put MODE SOURCE PATH: puts a file in its place whole, if it is not there already.
put() {
    if [[ -f $3 ]] && cmp -s -- "$2" "$3" && [[ $(stat -c %a -- "$3") == "${1#0}" ]]; then
        return 0
    fi
    keep "$3"
    install -m "$1" -- "$2" "$3.new"
    mv -fT -- "$3.new" "$3"
    touched=yes
}

make_folder() { # make_folder MODE PATH
    [[ -d $2 ]] || {
        keep "$2"
        install -d -m "$1" -- "$2"
    }
}

sum_of() { sha256sum -- "$1" | cut -d' ' -f1; }

fetch() {
    local wanted=${LIGHTSOUT_SHA256,,}
    [[ $wanted =~ ^[0-9a-f]{64}$ ]] || stop_with 2 "LIGHTSOUT_SHA256 is not 64 hexadecimal digits"
    if [[ -f $binary && $(sum_of "$binary") == "$wanted" ]]; then
        cp -- "$binary" "$work/lightsout"
        return 0
    fi
    case ${LIGHTSOUT_BINARY:-} in
        "") stop_with 2 "LIGHTSOUT_BINARY names no binary" ;;
        https://*)
            curl --fail --silent --show-error --location --proto '=https' --proto-redir '=https' --max-time 120 \
                --retry 3 --max-filesize 50000000 --output "$work/lightsout" -- "$LIGHTSOUT_BINARY" ||
                stop_with 3 "could not fetch $LIGHTSOUT_BINARY"
            ;;
        *://*) stop_with 2 "LIGHTSOUT_BINARY is neither a path nor an https address" ;;
        *) cp -- "$LIGHTSOUT_BINARY" "$work/lightsout" || stop_with 3 "could not copy $LIGHTSOUT_BINARY" ;;
    esac
    local found
    found=$(sum_of "$work/lightsout")
    [[ $found == "$wanted" ]] || stop_with 3 "the binary has checksum $found, and $wanted was wanted"
}

settings() {
    local wanted=${LIGHTSOUT_CONFIG_SHA256:-} found
    wanted=${wanted,,}
    [[ -z $wanted || $wanted =~ ^[0-9a-f]{64}$ ]] || stop_with 2 "LIGHTSOUT_CONFIG_SHA256 is not 64 hexadecimal digits"
    if [[ -n $wanted && -f $folder/agent.toml && $(sum_of "$folder/agent.toml") == "$wanted" ]]; then
        cp -- "$folder/agent.toml" "$work/agent.toml"
        return 0
    fi
    [[ -z $wanted || -n ${LIGHTSOUT_CONFIG:-} ]] || stop_with 2 "LIGHTSOUT_CONFIG names no settings for that checksum"
    if [[ -n ${LIGHTSOUT_CONFIG:-} ]]; then
        cp -- "$LIGHTSOUT_CONFIG" "$work/agent.toml" || stop_with 3 "could not copy $LIGHTSOUT_CONFIG"
        # Of the copy: the file itself may change after it was judged.
        found=$(sum_of "$work/agent.toml")
        [[ -z $wanted || $found == "$wanted" ]] ||
            stop_with 3 "the settings have checksum $found, and $wanted was wanted"
        return 0
    fi
    local address='^https?://[]A-Za-z0-9.:/_[-]+$'
    [[ ${LIGHTSOUT_URL:-} =~ $address ]] || stop_with 2 "LIGHTSOUT_URL is no address"
    printf '[service]\nurl = "%s"\ntoken_file = "/etc/lightsout-agent/token"\n' "$LIGHTSOUT_URL" >"$work/agent.toml"
}

instance() {
    local name value
    : >"$work/instance.env"
    for name in CI_NAME CI_WORKSPACE CI_RESOURCE_GROUP; do
        value=${!name:-}
        [[ $value =~ ^[A-Za-z0-9._()-]*$ ]] || stop_with 2 "$name holds what no name holds"
        [[ -z $value ]] || printf '%s=%s\n' "$name" "$value" >>"$work/instance.env"
    done
}

token() {
    local file=${LIGHTSOUT_TOKEN_FILE:-}
    file=${file//\{name\}/${CI_NAME:-}}
    if [[ -z $file ]]; then
        [[ -f $folder/token ]] || stop_with 2 "LIGHTSOUT_TOKEN_FILE names no token, and none is installed"
        file=$folder/token
    fi
    # a token that was handed over for the installation alone need not lie there for ever
    [[ -r $file || ! -f $folder/token ]] || file=$folder/token
    [[ -r $file ]] || stop_with 2 "the token $file cannot be read"
    install -m 0600 -- "$file" "$work/token"
}

# With a managed identity there is no token to install: the agent fetches its own.
identity() {
    local name value line
    : >"$work/identity.env"
    if ! grep -Eq '^[[:space:]]*(service\.)?identity[[:space:]]*=[[:space:]]*["'\'']managed["'\'']' "$work/agent.toml"; then
        token
        return 0
    fi
    managed=yes
    if [[ -z ${MSI_ENDPOINT:-} && -f $folder/identity.env ]]; then
        while read -r line; do
            [[ $line != MSI_ENDPOINT=* && $line != MSI_SECRET=* ]] || declare -gx "$line"
        done <"$folder/identity.env"
    fi
    for name in MSI_ENDPOINT MSI_SECRET; do
        value=${!name:-}
        [[ $value =~ ^[][A-Za-z0-9._:/?=%+,@-]*$ ]] || stop_with 2 "$name holds what none holds"
        [[ -z $value ]] || printf '%s=%s\n' "$name" "$value" >>"$work/identity.env"
    done
}

# The new binary reads the new settings and token before anything is replaced.
try_out() {
    cp -- "$work/agent.toml" "$work/try.toml"
    [[ -n $managed ]] || with_new_token
    chmod 0755 "$work/lightsout"
    env CI_NAME="${CI_NAME:-}" CI_WORKSPACE="${CI_WORKSPACE:-}" CI_RESOURCE_GROUP="${CI_RESOURCE_GROUP:-}" \
        "$work/lightsout" agent check --settings "$work/try.toml" >&2 ||
        stop_with 4 "the agent does not accept its settings or token; see above"
    # The unit is in the binary, so that this script is one file and the checksum is of both.
    "$work/lightsout" agent unit >"$work/lightsout-agent.service" || stop_with 4 "the binary holds no unit"
}

with_new_token() {
    sed "s|^token_file = .*|token_file = \"$work/token\"|" "$work/agent.toml" >"$work/try.toml"
    grep -q '^token_file = ' "$work/try.toml" || sed -i "s|^\[service\].*|&\ntoken_file = \"$work/token\"|" "$work/try.toml"
}

install_all() {
    ((EUID == 0)) || stop_with 2 "this needs root"
    work=$(mktemp -d /tmp/lightsout-agent.XXXXXX)
    mkdir "$work/was"
    touched=""
    fetch
    settings
    instance
    identity
    try_out
    ! systemd is-enabled --quiet lightsout-agent.service 2>/dev/null || was_enabled=yes
    ! systemd is-active --quiet lightsout-agent.service 2>/dev/null || was_active=yes
    [[ -d $state ]] || state_is_new=yes
    began=yes
    make_folder 0755 "$root/usr/local/bin"
    make_folder 0755 "$root/etc/systemd"
    make_folder 0755 "$root/etc/systemd/system"
    make_folder 0755 "$folder"
    put 0755 "$work/lightsout" "$binary"
    put 0644 "$work/agent.toml" "$folder/agent.toml"
    put 0644 "$work/instance.env" "$folder/instance.env"
    [[ -n $managed ]] || put 0600 "$work/token" "$folder/token"
    # Once there, it is kept true: what an identity needed before is not left behind.
    [[ -z $managed && ! -f $folder/identity.env ]] || put 0600 "$work/identity.env" "$folder/identity.env"
    put 0644 "$work/lightsout-agent.service" "$unit"
    if [[ -z $touched && -n $was_active ]]; then
        say "all is as it should be"
        return 0
    fi
    systemd daemon-reload
    systemd enable --quiet lightsout-agent.service
    systemd restart lightsout-agent.service || stop_with 4 "the agent did not start; see journalctl -u lightsout-agent"
    say "installed; \`lightsout agent status\` shows what it sees"
}

uninstall() {
    ((EUID == 0)) || stop_with 2 "this needs root"
    systemd disable --now --quiet lightsout-agent.service 2>/dev/null || true
    rm -f -- "$unit" "$binary"
    rm -rf -- "$folder" "$state"
    systemd daemon-reload
    say "everything was taken away"
}

case $command in
    install | check) install_all ;;
    uninstall) uninstall ;;
    *) stop_with 2 "what is \`$command\`? install, check or uninstall" ;;
esac
