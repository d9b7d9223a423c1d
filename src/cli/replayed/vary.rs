//! Policies with one setting another way, for a search: the text is changed where the setting stands, and read as any other.

use toml::{Table, Value};

use super::ReplayError;
use crate::cli::args::Varied;
use crate::policy::SourceText;

/// More values together than this are too many to look at.
const TOGETHER_MAX: usize = 144;

/// Tables whose presence turns a rule on: a search does not write them where they are not.
const RULES: [&str; 7] = ["hours", "idle", "uptime", "budget", "start", "native", "stopped"];

/// Every combination of values, each as its settings.
///
/// # Errors
/// When there are too many.
pub fn combinations(all: &[Varied]) -> Result<Vec<Vec<(String, String)>>, ReplayError> {
    let mut found: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for varied in all {
        let longer = |settings: &Vec<(String, String)>| {
            let with = |value: &String| {
                let mut settings = settings.clone();
                settings.push((varied.key.clone(), value.clone()));
                settings
            };
            varied.values.iter().map(with).collect::<Vec<_>>()
        };
        found = found.iter().flat_map(longer).collect();
        if found.len() > TOGETHER_MAX {
            let words = format!(
                "--sweep: more than {TOGETHER_MAX} combinations of values; try fewer values, or fewer settings at once"
            );
            return Err(ReplayError::Setting(words));
        }
    }
    Ok(found)
}

/// The texts with these settings. A policy without the rule that a setting belongs to stays as it is.
///
/// # Errors
/// When no policy has the rule, or a text is no TOML.
pub fn varied(texts: &[SourceText], settings: &[(String, String)]) -> Result<Vec<SourceText>, ReplayError> {
    let mut tables: Vec<Table> = Vec::with_capacity(texts.len());
    for source in texts {
        let table = source.text.parse::<Table>();
        tables.push(table.map_err(|error| {
            ReplayError::Setting(format!("{}: is no TOML: {error}; see `lightsout check`", source.file))
        })?);
    }
    for (key, value) in settings {
        let mut is_changed = false;
        tables.iter_mut().for_each(|table| is_changed |= set(table, key, value));
        if !is_changed {
            let rule = key.split('.').next().unwrap_or(key);
            let words = format!(
                "--sweep {key}: no policy that is tried has [{rule}], and a search turns no rule on; write it into one first"
            );
            return Err(ReplayError::Setting(words));
        }
    }
    let text =
        |(source, table): (&SourceText, Table)| SourceText { file: source.file.clone(), text: table.to_string() };
    Ok(texts.iter().zip(tables).map(text).collect())
}

fn set(table: &mut Table, key: &str, value: &str) -> bool {
    let mut parts: Vec<&str> = key.split('.').collect();
    let Some(last) = parts.pop() else { return false };
    let mut place = table;
    for (depth, part) in parts.into_iter().enumerate() {
        if depth == 0 && RULES.contains(&part) && !place.contains_key(part) {
            return false;
        }
        let next = place.entry(part).or_insert_with(|| Value::Table(Table::new()));
        match next.as_table_mut() {
            Some(next) => place = next,
            None => return false,
        }
    }
    drop(place.insert(last.to_owned(), written(value)));
    true
}

/// As a person would write it: numbers and yes or no bare, all else in quotes.
fn written(value: &str) -> Value {
    match (value.parse::<i64>(), value.parse::<bool>()) {
        (Ok(number), _) => Value::Integer(number),
        (_, Ok(yes)) => Value::Boolean(yes),
        _ => Value::String(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> SourceText {
        SourceText { file: "policies/a.toml".into(), text: text.to_owned() }
    }

    #[test]
    fn a_setting_is_changed_where_its_rule_stands_and_nowhere_else() {
        let texts = [source("name = \"a\"\n[idle]\nafter = \"1h\"\n"), source("name = \"b\"\n")];
        let changed = varied(&texts, &[("idle.after".to_owned(), "30m".to_owned())]).unwrap();
        assert!(changed[0].text.contains("after = \"30m\""), "{}", changed[0].text);
        assert!(!changed[1].text.contains("idle"), "{}", changed[1].text);
        let lead = varied(&texts, &[("warning.lead".to_owned(), "5m".to_owned())]).unwrap();
        assert!(lead.iter().all(|one| one.text.contains("lead = \"5m\"")));
        let count = varied(&texts, &[("hold.per_week".to_owned(), "3".to_owned())]).unwrap();
        assert!(count[0].text.contains("per_week = 3"), "{}", count[0].text);
    }

    #[test]
    fn a_rule_that_nobody_has_is_an_error_that_says_so() {
        let error = varied(&[source("name = \"b\"\n")], &[("uptime.max".to_owned(), "8h".to_owned())]).unwrap_err();
        let words = error.to_string();
        assert!(words.contains("--sweep uptime.max") && words.contains("[uptime]"), "{words}");
        let error = varied(&[source("name = ")], &[]).unwrap_err().to_string();
        assert!(error.starts_with("policies/a.toml: is no TOML"), "{error}");
    }

    #[test]
    fn combinations_are_all_there_and_bounded() {
        let of = |text: &str| text.parse::<Varied>().unwrap();
        let all = combinations(&[of("idle.after=1h,2h"), of("uptime.max=8h,9h,10h")]).unwrap();
        assert_eq!(all.len(), 6);
        assert_eq!(all[5], [("idle.after".to_owned(), "2h".to_owned()), ("uptime.max".to_owned(), "10h".to_owned())]);
        assert!(combinations(&[of("a=1..20"), of("b=1..20")]).unwrap_err().to_string().contains("144"));
    }
}
