//! Every setting of the agent with its default. `config/agent.toml` shows the same, and a test holds them together.

use toml::Spanned;
use toml::de::DeValue;
use url::Url;

use super::values::{Binary, Identity, InstanceWord, LoopbackUrl, Need, OtherKernels, Pace, ServiceUrl, Wording};
use crate::document::{Diagnostic, Findings, Located, Read, TableReader, root};
use crate::heartbeat::Signal;
use crate::units::{Span, fits};

/// Declares a table of the file: its keys, their types and defaults, each said once.
macro_rules! table {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            fn taken(mut table: TableReader<'_, '_, '_, '_>) -> Self {
                let read = Self {
                    $($field: table.take(stringify!($field)).map_or_else(|| $default, |one: Located<$type>| one.value),)*
                };
                table.finish();
                read
            }

            /// The keys of this table.
            #[cfg(test)]
            const KEYS: &'static [&'static str] = &[$(stringify!($field)),*];
        }

        impl Read for $name {
            fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
                TableReader::open(value, key, findings).map(Self::taken)
            }
        }
    };
}

fn words(list: &[&str]) -> Vec<Wording> {
    list.iter().map(|word| Wording((*word).to_owned())).collect()
}

fn text(word: &str) -> Wording {
    Wording(word.to_owned())
}

fn named(patterns: &[Wording], name: &str) -> bool {
    patterns.iter().any(|pattern| fits(&pattern.0, name))
}

table! {
    /// All settings.
    Rules {
        /// Where heartbeats go.
        service: ServiceRules = ServiceRules::default(),
        /// How often is looked.
        look: LookRules = LookRules::default(),
        /// Which signals count.
        signals: SignalRules = SignalRules::default(),
        /// Jupyter servers.
        jupyter: JupyterRules = JupyterRules::default(),
        /// VS Code servers.
        vscode: WorkRules = WorkRules { busy_permille: 100 },
        /// RStudio sessions.
        rstudio: WorkRules = WorkRules::default(),
        /// What runs under tmux, screen or nobody.
        detached: DetachedRules = DetachedRules::default(),
        /// Containers.
        containers: ContainerRules = ContainerRules::default(),
        /// The processor.
        cpu: CpuRules = CpuRules::default(),
        /// Reading and writing disks.
        disk_io: DiskIoRules = DiskIoRules::default(),
        /// GPUs.
        gpu: GpuRules = GpuRules::default(),
        /// Room on disks.
        disk: DiskRules = DiskRules::default(),
        /// The agent's own files.
        files: FileRules = FileRules::default(),
    }
}

table! {
    /// Where heartbeats go.
    ServiceRules {
        /// The service's address.
        url: ServiceUrl = ServiceUrl(None),
        /// What it is shown.
        identity: Identity = Identity::Token,
        /// The file with the instance's token.
        token_file: Wording = text("/etc/lightsout-agent/token"),
        /// For whom the managed identity's token is: the service's app registration.
        entra_audience: Wording = text(""),
        /// Which identity, where the instance has several; empty for its own.
        identity_client_id: Wording = text(""),
        /// The instance's ARM id, where the managed identity's token names none.
        instance: InstanceWord = InstanceWord(None),
        /// Certificate authorities trusted beside the system's; empty for none.
        ca_file: Wording = text(""),
        /// How long one try of sending may take.
        timeout: Pace = Pace(Span::seconds(20)),
    }
}

table! {
    /// How often is looked.
    LookRules {
        /// A whole look.
        every: Pace = Pace(Span::minutes(1)),
        /// A sample of processes and counters in between.
        sample: Pace = Pace(Span::seconds(15)),
    }
}

table! {
    /// Which signals count.
    SignalRules {
        /// Jupyter servers.
        jupyter: Need = Need::Required,
        /// Terminals and SSH sessions.
        terminals: Need = Need::Required,
        /// VS Code servers.
        vscode: Need = Need::Required,
        /// RStudio sessions.
        rstudio: Need = Need::Required,
        /// What runs under tmux, screen or nobody.
        detached: Need = Need::Required,
        /// Containers.
        containers: Need = Need::Required,
        /// The processor.
        cpu: Need = Need::Required,
        /// Reading and writing disks.
        disk_io: Need = Need::Required,
        /// GPUs.
        gpu: Need = Need::Required,
    }
}

impl SignalRules {
    /// Whether a signal is needed.
    #[must_use]
    pub fn need(&self, signal: &Signal) -> Need {
        match signal {
            Signal::Jupyter => self.jupyter,
            Signal::Terminals => self.terminals,
            Signal::Vscode => self.vscode,
            Signal::Rstudio => self.rstudio,
            Signal::Detached => self.detached,
            Signal::Containers => self.containers,
            Signal::Cpu => self.cpu,
            Signal::DiskIo => self.disk_io,
            Signal::Gpu => self.gpu,
            Signal::Other(_) => Need::Off,
        }
    }
}

table! {
    /// Jupyter servers.
    JupyterRules {
        /// Where they may listen, beside what their own files say.
        urls: Vec<LoopbackUrl> = Url::parse("http://localhost:8888").map(LoopbackUrl).into_iter().collect(),
        /// Folders with runtime files, beside those in all homes.
        runtime_dirs: Vec<Wording> = Vec::new(),
        /// How long an answer may take.
        timeout: Pace = Pace(Span::seconds(5)),
        /// So many thousandths of a core on average over a look, of all that runs below a server, are work.
        busy_permille: u32 = 100,
        /// What a kernel counts as that no server which was asked tells of.
        other_kernels: OtherKernels = OtherKernels::Connected,
    }
}

table! {
    /// Programs that are connected while they run, and busy when they work.
    WorkRules {
        /// So many thousandths of a core on average over a look are work.
        busy_permille: u32 = 50,
    }
}

table! {
    /// What runs under tmux, screen or nobody.
    DetachedRules {
        /// So many thousandths of a core on average over a look, with all below it, are work.
        busy_permille: u32 = 50,
        /// Programs that nobody waits for.
        ignore: Vec<Wording> = words(&[
            "systemd", "(sd-pam)", "dbus-*", "gpg-agent", "ssh-agent", "pipewire*", "pulseaudio", "wireplumber", "gvfs*",
            "at-spi*", "snapd*", "dconf-service", "xdg-*",
        ]),
    }
}

impl DetachedRules {
    /// True for a program that nobody waits for.
    #[must_use]
    pub fn is_ignored(&self, name: &str) -> bool {
        named(&self.ignore, name)
    }
}

table! {
    /// Containers.
    ContainerRules {
        /// So many thousandths of a core on average over a look are work.
        busy_permille: u32 = 50,
        /// Programs whose containers are the platform's own.
        ignore: Vec<Wording> = Vec::new(),
    }
}

impl ContainerRules {
    /// True for a program whose container does not count.
    #[must_use]
    pub fn is_ignored(&self, name: &str) -> bool {
        named(&self.ignore, name)
    }
}

table! {
    /// The processor.
    CpuRules {
        /// So many thousandths of one core in any sample are use, however many cores there are.
        busy_permille: u32 = 500,
        /// So many of all of the system's own together, housekeeping aside, are use.
        system_permille: u32 = 1_000,
        /// People have user numbers from here.
        user_uid_min: u32 = 1_000,
        /// Programs of the system whose work is housekeeping.
        ignore: Vec<Wording> = words(&[
            "unattended-upgr", "apt", "apt-get", "apt.systemd.dai", "apt-check", "dpkg", "dpkg-*", "update-*", "mandb",
            "updatedb*", "fstrim", "logrotate", "snapd", "wdavdaemon", "mdatp*", "packagekitd", "fwupd", "kswapd*",
            "kworker*", "ksoftirqd*", "lightsout",
        ]),
    }
}

/// `nobody`, which is no person although its number is high.
const NOBODY: u32 = 65_534;

impl CpuRules {
    /// True for a user number of a person.
    #[must_use]
    pub fn is_persons(&self, uid: u32) -> bool {
        uid >= self.user_uid_min && uid != NOBODY
    }

    /// True for a program of the system whose work is housekeeping.
    #[must_use]
    pub fn is_housekeeping(&self, name: &str) -> bool {
        named(&self.ignore, name)
    }
}

table! {
    /// Reading and writing disks.
    DiskIoRules {
        /// So many megabytes a second on average over a look are use.
        busy_mb: u32 = 20,
    }
}

table! {
    /// GPUs.
    GpuRules {
        /// So much use of any card in percent is use.
        busy_percent: u32 = 5,
        /// The program that is asked.
        nvidia_smi: Binary = Binary("nvidia-smi".to_owned()),
        /// How long it may take.
        timeout: Pace = Pace(Span::seconds(15)),
    }
}

table! {
    /// Room on disks: an instance whose disk is full cannot be stopped.
    DiskRules {
        /// A disk with less than so many megabytes is told of.
        low_mb: u32 = 5_000,
    }
}

table! {
    /// The agent's own files.
    FileRules {
        /// What it remembers of this boot.
        record: Wording = text("/var/lib/lightsout-agent/record.json"),
        /// What it shows the person.
        status: Wording = text("/run/lightsout-agent/status.json"),
    }
}

/// Reads a file's text.
///
/// # Errors
/// With every mistake of it, each with its line.
pub fn parse(file: &str, text: &str) -> Result<Rules, Vec<Diagnostic>> {
    let mut findings = Findings::new(&file.into(), text);
    let rules = root(text, &mut findings).map(|table| Rules::taken(TableReader::of(&table, "", &mut findings)));
    if findings.is_fatal() { Err(findings.into_diagnostics()) } else { Ok(rules.unwrap_or_default()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../config/agent.toml");

    #[test]
    fn the_shipped_file_shows_every_setting_with_its_default() {
        assert_eq!(parse("agent.toml", SHIPPED), Ok(Rules::default()));
        let tables: [(&str, &[&str]); 13] = [
            ("service", ServiceRules::KEYS),
            ("look", LookRules::KEYS),
            ("signals", SignalRules::KEYS),
            ("jupyter", JupyterRules::KEYS),
            ("vscode", WorkRules::KEYS),
            ("rstudio", WorkRules::KEYS),
            ("detached", DetachedRules::KEYS),
            ("containers", ContainerRules::KEYS),
            ("cpu", CpuRules::KEYS),
            ("disk_io", DiskIoRules::KEYS),
            ("gpu", GpuRules::KEYS),
            ("disk", DiskRules::KEYS),
            ("files", FileRules::KEYS),
        ];
        assert_eq!(tables.map(|(name, _)| name), Rules::KEYS, "a table is not checked");
        let shipped: toml::Table = SHIPPED.parse().unwrap();
        for (table, keys) in tables {
            let written: Vec<&str> = shipped[table].as_table().unwrap().keys().map(String::as_str).collect();
            assert_eq!(written, keys, "[{table}]");
        }
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "[look]\nevery = \"2h\"\nsamples = \"5s\"\n[service]\nurl = \"http://example.com\"\n[signals]\ngpu = \
                    \"maybe\"\n[jupyter]\nurls = [\"http://10.0.0.1:8888\"]\n[gpu]\nnvidia_smi = \"./x\"\n[cpuu]\n";
        let found = parse("agent.toml", text).unwrap_err();
        let lines: Vec<(u32, &str)> = found.iter().map(|one| (one.line, one.key.as_str())).collect();
        let wanted = [
            (5, "service.url"),
            (2, "look.every"),
            (3, "look.samples"),
            (7, "signals.gpu"),
            (9, "jupyter.urls[0]"),
            (11, "gpu.nvidia_smi"),
            (12, "cpuu"),
        ];
        assert_eq!(lines, wanted);
        assert!(parse("agent.toml", "[look\n").is_err());
        assert_eq!(parse("agent.toml", ""), Ok(Rules::default()));
    }

    #[test]
    fn the_identity_is_one_of_two_and_the_instance_a_whole_id() {
        let id =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c";
        let rules = parse("a", &format!("[service]\nidentity = \"managed\"\ninstance = \"{id}\"")).unwrap().service;
        assert_eq!(
            (rules.identity, rules.instance.0.map(|id| id.to_string())),
            (Identity::Managed, Some(id.to_owned()))
        );
        for wrong in ["identity = \"msi\"", "instance = \"ci-ana\"", &format!("instance = \"{id}/more\"")] {
            assert!(parse("a", &format!("[service]\n{wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn heartbeats_go_over_tls_or_stay_on_the_machine() {
        for (url, fine) in [
            ("https://lightsout.example", true),
            ("https://lightsout.example/base", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost:1", true),
            ("http://[::1]:1", true),
            ("http://lightsout.example", false),
            ("http://127.0.0.1.example", false),
            ("https://user:secret@lightsout.example", false),
            ("ftp://lightsout.example", false),
            ("lightsout.example", false),
        ] {
            assert_eq!(parse("a", &format!("[service]\nurl = \"{url}\"")).is_ok(), fine, "{url}");
        }
    }
}
