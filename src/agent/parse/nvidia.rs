//! What `nvidia-smi` prints: `--format=csv,noheader,nounits`, of several versions of its driver.

/// A figure that may not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    /// In percent.
    Percent(u8),
    /// The card or its partition has no such figure: `[N/A]`, `[Not Supported]`.
    Absent,
    /// There should be one: `[Unknown Error]`, `ERR!`, `[GPU is lost]`.
    Broken,
}

/// One card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// Its number.
    pub index: u32,
    /// How much of the last moment it worked.
    pub use_of: Gauge,
    /// It is divided into instances (MIG), for which there is no figure of use.
    pub divided: bool,
}

/// Cards, out of `--query-gpu=index,utilization.gpu,mig.mode.current`.
///
/// # Errors
/// With the first line that is no card, or that says more than was asked: what cannot be read is not nothing.
pub fn gpus(text: &str) -> Result<Vec<Gpu>, String> {
    lines(text).map(|line| gpu(line).ok_or_else(|| shown(line))).collect()
}

fn gpu(line: &str) -> Option<Gpu> {
    let mut fields = line.split(',').map(str::trim);
    let index = fields.next()?.parse().ok()?;
    let use_of = gauge(fields.next()?)?;
    // Drivers before MIG are not asked for it.
    let divided = fields.next().map_or(Some(false), divided)?;
    fields.next().is_none().then_some(Gpu { index, use_of, divided })
}

/// `Enabled`, `Disabled`, or a word in brackets on cards that cannot be divided.
fn divided(field: &str) -> Option<bool> {
    match field {
        "Enabled" => Some(true),
        "Disabled" => Some(false),
        other => matches!(gauge(other)?, Gauge::Absent | Gauge::Broken).then_some(false),
    }
}

/// `37`, `37 %`, or a word in brackets.
fn gauge(field: &str) -> Option<Gauge> {
    let plain = field.trim_end_matches('%').trim_end();
    if let Ok(percent) = plain.parse::<u8>() {
        return (percent <= 100).then_some(Gauge::Percent(percent));
    }
    let word = plain.trim_matches(['[', ']']);
    match word {
        "N/A" | "Not Supported" | "Insufficient Permissions" => Some(Gauge::Absent),
        "Unknown Error" | "ERR!" | "GPU is lost" | "Unknown" | "GPU requires reset" => Some(Gauge::Broken),
        _ => None,
    }
}

/// Processes that compute, out of `--query-compute-apps=pid`; none where the driver does not tell, which is not nobody.
///
/// # Errors
/// With the first line that is no number.
pub fn compute_pids(text: &str) -> Result<Option<Vec<u32>>, String> {
    if lines(text).any(|line| gauge(line).is_some_and(|told| matches!(told, Gauge::Absent | Gauge::Broken))) {
        return Ok(None);
    }
    let pid = |line: &str| line.split(',').next().unwrap_or_default().trim().parse::<u32>();
    let pids = lines(text).filter(|line| !line.starts_with("No running"));
    pids.map(|line| pid(line).map_err(|_| shown(line))).collect::<Result<_, _>>().map(Some)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// The beginning of a line, as it may be shown.
fn shown(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_several_drivers_are_read() {
        for (line, use_of, divided) in [
            ("0, 97, [N/A]", Gauge::Percent(97), false),
            ("0, 0 %, Disabled", Gauge::Percent(0), false),
            ("0, [N/A], Enabled", Gauge::Absent, true),
            ("0, N/A, N/A", Gauge::Absent, false),
            ("0, [Not Supported], [Not Supported]", Gauge::Absent, false),
            ("0, [Unknown Error], [N/A]", Gauge::Broken, false),
            ("0, ERR!, N/A", Gauge::Broken, false),
            ("0, [GPU is lost], Disabled", Gauge::Broken, false),
            ("0, 5", Gauge::Percent(5), false),
        ] {
            assert_eq!(gpus(line), Ok(vec![Gpu { index: 0, use_of, divided }]), "{line}");
        }
        assert_eq!(gpus("0, 1, N/A\n\n1, 2, N/A\n").unwrap().len(), 2);
        assert_eq!(gpus(""), Ok(Vec::new()));
    }

    #[test]
    fn words_that_are_no_figures_are_said() {
        for text in [
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
            "Failed to initialize NVML: Driver/library version mismatch",
            "Unable to determine the device handle for GPU 0000:00:00.0: Unknown Error",
            "0, 101, N/A",
            "0, hot, N/A",
            "0, 5, N/A, Failed to initialize NVML",
            "0, 5, 5",
            "0, 5, lost",
            "0, 5, N/A\nUnable to determine the device handle for GPU 0001:00:00.0: Unknown Error",
        ] {
            assert!(gpus(text).is_err(), "{text}");
        }
    }

    #[test]
    fn processes_are_numbers_or_none() {
        assert_eq!(compute_pids("812\n 900, python\n"), Ok(Some(vec![812, 900])));
        assert_eq!(compute_pids(""), Ok(Some(Vec::new())));
        assert_eq!(compute_pids("No running compute processes found\n"), Ok(Some(Vec::new())));
        for untold in ["[Not Supported]\n", "[N/A]\n", "[Insufficient Permissions]\n", "[Unknown Error]\n"] {
            assert_eq!(compute_pids(untold), Ok(None), "{untold}");
        }
        assert!(compute_pids("Failed to initialize NVML").is_err());
    }
}
