//! Asks `nvidia-smi`, where there is a card.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::files::Root;
use crate::agent::facts::GpuSaid;
use crate::agent::parse::{compute_pids, gpus};
use crate::agent::rules::GpuRules;

/// Its output is read so far.
const MOST: u64 = 64 * 1_024;
/// The queries: drivers before MIG do not know its field.
const CARDS: [&str; 2] = ["--query-gpu=index,utilization.gpu,mig.mode.current", "--query-gpu=index,utilization.gpu"];
const HOLDERS: &str = "--query-compute-apps=pid";

/// What is known of GPUs.
pub(super) async fn ask(root: &Root, rules: &GpuRules) -> GpuSaid {
    if !has_cards(root) {
        return GpuSaid::None;
    }
    match cards(rules).await {
        Ok((cards, pids)) => GpuSaid::Cards(cards, pids),
        Err(words) => GpuSaid::Failed(words),
    }
}

/// True when the driver made a device: without one nobody can use a card.
fn has_cards(root: &Root) -> bool {
    let number = |name: &str| name.strip_prefix("nvidia").is_some_and(|rest| rest.parse::<u32>().is_ok());
    root.names("/dev").unwrap_or_default().iter().any(|name| number(name))
}

async fn cards(rules: &GpuRules) -> Result<(Vec<crate::agent::parse::Gpu>, Option<Vec<u32>>), String> {
    let mut said = run(rules, CARDS[0]).await;
    if said.as_ref().is_err_and(|words| words.contains("not a valid field")) {
        said = run(rules, CARDS[1]).await;
    }
    let cards = gpus(&said?).map_err(|line| format!("{} says: {line}", rules.nvidia_smi.0))?;
    let pids =
        compute_pids(&run(rules, HOLDERS).await?).map_err(|line| format!("{} says: {line}", rules.nvidia_smi.0))?;
    if cards.is_empty() { Err(format!("{} lists no card", rules.nvidia_smi.0)) } else { Ok((cards, pids)) }
}

/// Runs it to its end, or to the end of our patience; then it is killed.
async fn run(rules: &GpuRules, query: &str) -> Result<String, String> {
    let program = &rules.nvidia_smi.0;
    let mut command = Command::new(program);
    command.args([query, "--format=csv,noheader,nounits"]).env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let work = async {
        let mut child = command.spawn().map_err(|error| format!("could not run {program}: {error}"))?;
        let (out, err) = tokio::join!(bounded(child.stdout.take()), bounded(child.stderr.take()));
        let status = child.wait().await.map_err(|error| format!("could not wait for {program}: {error}"))?;
        if status.success() {
            return Ok(out);
        }
        let words: String = out
            .lines()
            .chain(err.lines())
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default()
            .chars()
            .take(120)
            .collect();
        Err(format!("{program} failed: {words}"))
    };
    let patience = Duration::from_millis(rules.timeout.millis());
    let late = |_| Err(format!("{program} did not answer within {} s", patience.as_secs()));
    tokio::time::timeout(patience, work).await.unwrap_or_else(late)
}

async fn bounded(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read before a fault is all there is; the exit code tells.
        pipe.take(MOST).read_to_end(&mut bytes).await.unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
