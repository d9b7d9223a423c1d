//! The laws of the house, each as a function from a file's text to what is wrong with it.

use super::paths::{Named, paths};
use super::rooms::{CLOCKS, IMPURE, ROOMS, Room};
use super::source::{Source, Token};

/// A file as the laws see it.
pub(crate) struct File {
    /// From the project's root, with `/`.
    pub(crate) path: String,
    /// As it stands on disk.
    pub(crate) text: String,
    source: Source,
    tokens: Vec<Token>,
}

/// `line: what is wrong`, without the path.
pub(crate) type Faults = Vec<(usize, String)>;

impl File {
    /// Reads a text once for all laws.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let source = Source::read(text);
        let tokens = source.tokens();
        Self { path: path.to_owned(), text: text.to_owned(), source, tokens }
    }

    /// Every fault of this file, as `path:line: what is wrong`.
    pub(crate) fn faults(&self, longest: usize) -> Vec<String> {
        let mut all = [head(self), length(self, longest), words(self), module(self)].concat();
        if let Some(room) = self.room() {
            all.extend([imports(self, room), purity(self, room), environment(self, room)].concat());
        } else if self.path.starts_with("src/") && self.path != "src/lib.rs" {
            all.push((1, "no row of the table of rooms covers this file".to_owned()));
        }
        all.sort();
        all.into_iter().map(|(line, what)| format!("{}:{line}: {what}", self.path)).collect()
    }

    /// The rooms that this file imports, for the graph.
    pub(crate) fn edges(&self) -> Vec<(String, String)> {
        let Some(room) = self.room() else {
            return Vec::new();
        };
        let foreign =
            self.named().into_iter().filter(|path| path.rooted).filter_map(|path| path.words.into_iter().next());
        foreign.filter(|to| to != room.name).map(|to| (room.name.to_owned(), to)).collect()
    }

    fn room(&self) -> Option<&'static Room> {
        let name = *self.home().first()?;
        ROOMS.iter().find(|room| room.name == name)
    }

    /// The module that the file is: `["facts", "reading"]`.
    fn home(&self) -> Vec<&str> {
        let Some(inside) = self.path.strip_prefix("src/") else {
            return Vec::new();
        };
        let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
        inside.split('/').filter(|word| *word != "lib").collect()
    }

    fn named(&self) -> Vec<Named> {
        paths(&self.tokens, &self.home())
    }
}

/// The first line says what the file holds, in a sentence with a full stop.
fn head(file: &File) -> Faults {
    let paragraph: Vec<&str> = file.text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    match paragraph.last() {
        None => vec![(1, "the first line must begin with `//! ` and say what the file holds".to_owned())],
        Some(last) if !last.trim_end().ends_with('.') => {
            vec![(paragraph.len(), "the head must be a sentence that ends in a full stop".to_owned())]
        }
        Some(_) => Vec::new(),
    }
}

fn length(file: &File, longest: usize) -> Faults {
    let lines = file.text.lines().count();
    let fault = || (lines, format!("{lines} lines; more than {longest} is a sign of two things in one file"));
    if lines > longest { vec![fault()] } else { Vec::new() }
}

/// Words that must not stand in the project.
fn words(file: &File) -> Faults {
    let mut faults = Vec::new();
    for (i, line) in file.source.prose.lines().enumerate() {
        let word = line.split(|c: char| !c.is_alphanumeric()).find(|word| matches!(*word, "TODO" | "FIXME" | "XXX"));
        faults.extend(word.map(|word| (i + 1, format!("`{word}`: do it, or open an issue"))));
    }
    let banned: [(&[&str], &str); 5] = [
        (&["todo", "!"], "`todo!`: code that is not there"),
        (&["unimplemented", "!"], "`unimplemented!`: code that is not there"),
        (&["[", "ignore"], "`#[ignore]`: a test that does not run proves nothing"),
        (&["[", "should_panic"], "`#[should_panic]`: say what is expected"),
        (&["[", "allow", "("], "`#[allow(…)]`: use `#[expect(…, reason = \"…\")]`"),
    ];
    for (shape, what) in banned {
        let hits =
            file.tokens.windows(shape.len()).filter(|w| w.iter().zip(shape).all(|(token, text)| token.text == *text));
        faults.extend(hits.filter_map(|w| w.first()).map(|token| (token.line, what.to_owned())));
    }
    faults
}

/// `mod.rs` and `lib.rs` only declare and re-export; `main.rs` is short.
fn module(file: &File) -> Faults {
    if file.path == "src/main.rs" {
        return length(file, 50);
    }
    if !(file.path.ends_with("/mod.rs") || file.path == "src/lib.rs") {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let (mut rest, mut depth) = (file.tokens.as_slice(), 0_usize);
    while !rest.is_empty() {
        let item = rest.iter().position(|token| {
            match token.text.as_str() {
                "{" | "[" | "(" => depth += 1,
                "}" | "]" | ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(token.text.as_str(), ";" | "}") && token.text == ";"
        });
        let (tokens, after) = rest.split_at(item.map_or(rest.len(), |end| end + 1));
        faults.extend(declaration(tokens));
        rest = after;
    }
    faults
}

/// An item of a `mod.rs`, which may be `mod x;` or `use …;` behind attributes and a visibility.
fn declaration(tokens: &[Token]) -> Option<(usize, String)> {
    let mut words = tokens.iter().peekable();
    let mut skip_group = |open: &str, close: &str| {
        if words.peek().is_some_and(|token| token.text == open) {
            let mut depth = 0_usize;
            for token in words.by_ref() {
                depth = if token.text == open { depth + 1 } else { depth };
                depth = if token.text == close { depth - 1 } else { depth };
                if depth == 0 {
                    break;
                }
            }
        }
        words.peek().map(|token| (token.text.clone(), token.line))
    };
    let mut next = skip_group("", "")?;
    while matches!(next.0.as_str(), "#" | "!" | "[" | "pub" | "(") {
        next = match next.0.as_str() {
            "[" => skip_group("[", "]")?,
            "(" => skip_group("(", ")")?,
            word => skip_group(word, word)?,
        };
    }
    let declares =
        matches!(next.0.as_str(), "mod" | "use") && !(next.0 == "mod" && tokens.iter().any(|t| t.text == "{"));
    (!declares).then(|| (next.1, format!("`{}`: this file only declares modules and re-exports", next.0)))
}

/// The import table.
fn imports(file: &File, room: &Room) -> Faults {
    let rooted = file.named().into_iter().filter(|path| path.rooted);
    let judge = |path: Named| match path.words.first().map(String::as_str) {
        None | Some("*") => Some((path.line, "names the whole crate; name the room".to_owned())),
        Some(to) if to == room.name || room.may.contains(&to) => None,
        Some(to) => Some((path.line, format!("`{}` may not import `{to}` (`{}`)", room.name, path.words.join("::")))),
    };
    rooted.filter_map(judge).collect()
}

/// Pure rooms hold no I/O, no clock, no `async` and no logging.
fn purity(file: &File, room: &Room) -> Faults {
    if !room.pure {
        return Vec::new();
    }
    let mut faults: Faults = Vec::new();
    for path in file.named().into_iter().filter(|path| !path.rooted) {
        let words: Vec<&str> = path.words.iter().map(String::as_str).collect();
        let clock = matches!(words.as_slice(), [.., kind, "now"] if CLOCKS.contains(kind));
        if clock || IMPURE.iter().any(|banned| words.starts_with(banned)) {
            faults.push((
                path.line,
                format!("`{}` in a pure room: it takes what it needs as arguments", words.join("::")),
            ));
        }
    }
    let waits = file.tokens.iter().filter(|token| matches!(token.text.as_str(), "async" | "await"));
    faults.extend(waits.map(|token| (token.line, format!("`{}` in a pure room: nothing here waits", token.text))));
    faults
}

/// Only `settings` reads the environment.
fn environment(file: &File, room: &Room) -> Faults {
    if room.pure || room.name == "settings" {
        return Vec::new();
    }
    let reads = |path: &Named| {
        let words: Vec<&str> = path.words.iter().map(String::as_str).collect();
        !path.rooted
            && matches!(
                words.as_slice(),
                ["std", "env", "var" | "var_os" | "vars" | "vars_os" | "*"]
                    | ["env", "var" | "var_os" | "vars" | "vars_os"]
            )
    };
    let named = file.named().into_iter().filter(|path| reads(path));
    named
        .map(|path| (path.line, format!("`{}`: only `settings` reads the environment", path.words.join("::"))))
        .collect()
}
