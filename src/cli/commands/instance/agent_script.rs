//! One script out of two: the agent's own setup, whose failures are nobody else's, and then the person's.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::facts::ScriptPlace;
use crate::settings::AgentWritten;

/// The agent's setup, as it stands beside this program's sources.
const SETUP: &str = include_str!("../../../../deploy/agent/setup.sh");

/// When the script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Once.
    Creation,
    /// At each start.
    Startup,
}

const HEAD: &str = r#"#!/usr/bin/env bash
# Made by `lightsout instance create --with-agent`. The agent is installed first: whatever becomes of that, this script goes on.
set -u
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
"#;

/// The person's script lies on the share, whose place on the instance Azure's documents name by example alone.
const FROM_SHARE: &str = r#"for folder in "/mnt/batch/tasks/shared/LS_root/mounts/clusters/${CI_NAME:-}/code" /home/azureuser/cloudfiles/code; do
    if [[ -f $folder/$path ]]; then
        cd -- "$folder" && exec bash -- "$folder/$path" "$@"
        exit 1
    fi
done
echo "the setup script $path is not on the file share" >&2
exit 1
"#;

/// The text of both in one.
///
/// # Errors
/// When it could not be packed.
pub(super) fn woven(agent: &AgentWritten, at: At, own: Option<&ScriptPlace>) -> std::io::Result<String> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(SETUP.as_bytes())?;
    let packed = STANDARD.encode(packer.finish()?);
    let command = match at {
        At::Creation => "install",
        At::Startup => "check",
    };
    let said = [
        ("LIGHTSOUT_URL", &agent.url),
        ("LIGHTSOUT_BINARY", &agent.binary),
        ("LIGHTSOUT_SHA256", &agent.sha256),
        ("LIGHTSOUT_TOKEN_FILE", &agent.token_file),
        ("LIGHTSOUT_CONFIG", &agent.config),
    ];
    let words = said.into_iter().filter_map(|(name, value)| Some(quoted(&format!("{name}={}", value.as_ref()?))));
    let words: Vec<String> = words.collect();
    let mut text = HEAD.to_owned();
    text.push_str(&format!(
        "base64 -d <<'PACKED' 2>/dev/null | gunzip >\"$work/agent.sh\" || true\n{packed}\nPACKED\n"
    ));
    text.push_str(&format!("bash -- \"$work/agent.sh\" {command} {} || true\n", words.join(" ")));
    match own {
        None => {}
        Some(ScriptPlace::Share(path)) => text.push_str(&format!("path={}\n{FROM_SHARE}", quoted(path))),
        Some(ScriptPlace::Inline(base64)) => text.push_str(&format!(
            "base64 -d <<'OWN' >\"$work/own.sh\" || exit 1\n{base64}\nOWN\nchmod 0700 \"$work/own.sh\"\n\"$work/own.sh\" \"$@\"\n"
        )),
    }
    Ok(text)
}

/// A word of a shell, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
#[path = "agent_script_tests.rs"]
mod tests;
