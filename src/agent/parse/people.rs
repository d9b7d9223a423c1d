//! Who is there: `utmp` and `passwd`.

/// A record of `utmp` on 64-bit Linux is so many bytes.
const RECORD: usize = 384;
/// The kind of a record that stands for a person.
const USER_PROCESS: i16 = 7;

/// A person at a terminal, by `utmp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The process that began it.
    pub pid: u32,
    /// The terminal below `/dev`: `pts/3`.
    pub line: String,
    /// The name.
    pub user: String,
    /// From where; empty for the machine itself.
    pub host: String,
}

/// Every person in `utmp`.
#[must_use]
pub fn logins(bytes: &[u8]) -> Vec<Login> {
    bytes.chunks_exact(RECORD).filter_map(login).collect()
}

fn login(record: &[u8]) -> Option<Login> {
    let kind = i16::from_ne_bytes(record.get(0..2)?.try_into().ok()?);
    let pid = i32::from_ne_bytes(record.get(4..8)?.try_into().ok()?);
    let text = |from: usize, to: usize| {
        let field = record.get(from..to)?;
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
        Some(String::from_utf8_lossy(field.get(..end)?).into_owned())
    };
    let login = Login { pid: u32::try_from(pid).ok()?, line: text(8, 40)?, user: text(44, 76)?, host: text(76, 332)? };
    (kind == USER_PROCESS && !login.line.is_empty()).then_some(login)
}

/// User numbers, names and homes, out of `passwd`.
#[must_use]
pub fn people(text: &str) -> Vec<(u32, String, String)> {
    let lines = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let field = |at: usize| fields.get(at).map(|text| (*text).to_owned());
        Some((fields.get(2)?.parse().ok()?, field(0)?, field(5)?))
    });
    lines.collect()
}

#[cfg(test)]
pub(crate) fn record(kind: i16, pid: i32, line: &str, user: &str) -> Vec<u8> {
    let mut bytes = vec![0_u8; RECORD];
    bytes[0..2].copy_from_slice(&kind.to_ne_bytes());
    bytes[4..8].copy_from_slice(&pid.to_ne_bytes());
    bytes[8..8 + line.len()].copy_from_slice(line.as_bytes());
    bytes[44..44 + user.len()].copy_from_slice(user.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_from_boots_and_getties() {
        let bytes = [
            record(2, 0, "~", "reboot"),
            record(6, 700, "ttyS0", "LOGIN"),
            record(7, 812, "pts/0", "ana"),
            record(8, 813, "pts/1", ""),
            vec![7, 0, 1],
        ]
        .concat();
        let found = logins(&bytes);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].pid, found[0].line.as_str(), found[0].user.as_str()), (812, "pts/0", "ana"));
    }

    #[test]
    fn names_and_homes_are_read_where_they_are_whole() {
        let text = "root:x:0:0:root:/root:/bin/bash\nana:x:1000:1000::/home/ana:/bin/bash\nbroken:x\n# no\n";
        assert_eq!(
            people(text),
            [(0, "root".to_owned(), "/root".to_owned()), (1000, "ana".to_owned(), "/home/ana".to_owned())]
        );
    }
}
