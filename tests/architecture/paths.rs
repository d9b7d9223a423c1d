//! Every path that a file names: `use` trees spelled out, and paths written inline.

use super::source::Token;

/// A path as named from the crate's root when it begins with `crate`, `self`, `super` or the crate's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its words. `crate` itself is left out of a rooted path.
    pub(crate) words: Vec<String>,
    /// Whether it is counted from this crate's root.
    pub(crate) rooted: bool,
    /// From 1.
    pub(crate) line: usize,
}

/// Reads all paths of a file that is the module `home` (`["facts", "reading"]` for `src/facts/reading.rs`).
pub(crate) fn paths(tokens: &[Token], home: &[&str]) -> Vec<Named> {
    let mut reader = Reader { tokens, at: 0, depth: 0, modules: Vec::new(), found: Vec::new() };
    reader.read();
    let found = std::mem::take(&mut reader.found);
    found.into_iter().map(|(words, inner, line)| rooted(words, home, &inner, line)).collect()
}

/// Words, the inline modules around them, and the line.
type Found = (Vec<String>, Vec<String>, usize);

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    modules: Vec<(String, usize)>,
    found: Vec<Found>,
}

impl Reader<'_> {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text.as_str())
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    fn note(&mut self, words: Vec<String>, line: usize) {
        let inner = self.modules.iter().map(|(name, _)| name.clone()).collect();
        self.found.push((words, inner, line));
    }

    fn read(&mut self) {
        while self.at < self.tokens.len() {
            match self.text(0) {
                "mod" if self.text(2) == "{" => {
                    self.modules.push((self.text(1).to_owned(), self.depth));
                    self.at += 2;
                }
                "{" => (self.depth, self.at) = (self.depth + 1, self.at + 1),
                "}" => {
                    self.depth = self.depth.saturating_sub(1);
                    self.modules.retain(|(_, depth)| *depth < self.depth);
                    self.at += 1;
                }
                // `use<'a>` of a return type is no import.
                "use" if self.text(1) != "<" => {
                    self.at += 1;
                    self.tree(&[]);
                }
                word if is_name(word) && self.text(1) == "::" => self.inline(),
                _ => self.at += 1,
            }
        }
    }

    /// One branch of a `use` tree, up to its `,`, `}` or `;`.
    fn tree(&mut self, prefix: &[String]) {
        let (mut words, line) = (prefix.to_vec(), self.line());
        loop {
            match self.text(0) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        self.tree(&words);
                        if self.text(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "as" => {
                    self.at += 2;
                    break;
                }
                word if is_name(word) || word == "*" => {
                    words.push(word.to_owned());
                    self.at += 1;
                }
                _ => break,
            }
        }
        if words.len() > prefix.len() {
            self.note(words, line);
        } else if !matches!(self.text(0), "," | "}" | ";") {
            self.at += 1; // not a tree: go on, rather than stand still
        }
    }

    /// A path in the middle of code.
    fn inline(&mut self) {
        let (mut words, line) = (vec![self.text(0).to_owned()], self.line());
        self.at += 1;
        while self.text(0) == "::" && is_name(self.text(1)) {
            words.push(self.text(1).to_owned());
            self.at += 2;
        }
        if self.text(0) == "::" {
            self.at += 1;
        }
        self.note(words, line);
    }
}

/// Counts a path from the crate's root where it says how.
fn rooted(words: Vec<String>, home: &[&str], inner: &[String], line: usize) -> Named {
    let first = words.first().map_or("", String::as_str);
    let mut base: Vec<String> = home.iter().map(|word| (*word).to_owned()).chain(inner.iter().cloned()).collect();
    let rest = match first {
        "crate" | "lightsout" => {
            base.clear();
            1
        }
        "self" => 1,
        "super" => {
            let ups = words.iter().take_while(|word| *word == "super").count();
            base.truncate(base.len().saturating_sub(ups));
            ups
        }
        _ => {
            return Named { words, rooted: false, line };
        }
    };
    base.extend(words.into_iter().skip(rest));
    Named { words: base, rooted: true, line }
}

fn is_name(word: &str) -> bool {
    word.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}
