//! Reads Rust text far enough to judge it: what is code, what is comment, and which tokens the code is made of.

/// A token of code, and the line (from 1) on which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// An identifier, `::`, or one character.
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: usize,
}

/// One file's text with its strings blanked, once with comments and once without; line breaks stay where they were.
#[derive(Debug)]
pub(crate) struct Source {
    /// Code only.
    pub(crate) code: String,
    /// Code and comments, for words that must stand in neither.
    pub(crate) prose: String,
}

/// Where the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Code,
    LineComment,
    BlockComment(usize),
    Text,
    RawText(usize),
}

impl Source {
    /// Blanks strings, character literals and (in `code`) comments.
    pub(crate) fn read(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let (mut code, mut prose) = (String::new(), String::new());
        let (mut at, mut i) = (At::Code, 0);
        while i < chars.len() {
            let (next, length) = step(&chars, i, at);
            let literal = at == At::Code && next == At::Code && length > 1;
            let (was, is) = if literal { (At::Text, At::Text) } else { (at, next) };
            for &c in chars.iter().skip(i).take(length) {
                let (in_code, in_prose) = shown(was, is);
                code.push(if in_code || c == '\n' { c } else { ' ' });
                prose.push(if in_prose || c == '\n' { c } else { ' ' });
            }
            (at, i) = (next, i + length);
        }
        Self { code, prose }
    }

    /// The tokens of the code.
    pub(crate) fn tokens(&self) -> Vec<Token> {
        let mut tokens = Vec::new();
        for (number, line) in self.code.lines().enumerate() {
            let chars: Vec<char> = line.chars().collect();
            let mut i = 0;
            while i < chars.len() {
                let length = token_length(&chars, i);
                let text: String = chars.iter().skip(i).take(length).collect();
                if !text.trim().is_empty() {
                    tokens.push(Token { text, line: number + 1 });
                }
                i += length;
            }
        }
        tokens
    }
}

/// Whether characters read while going from one state to the next are code, and whether they are prose.
fn shown(was: At, is: At) -> (bool, bool) {
    let comment = |at| matches!(at, At::LineComment | At::BlockComment(_));
    let string = |at| matches!(at, At::Text | At::RawText(_));
    let code = was == At::Code && is == At::Code;
    (code, code || ((comment(was) || comment(is)) && !string(was) && !string(is)))
}

/// The state after the characters that begin at `i`, and how many of them belong together.
fn step(chars: &[char], i: usize, at: At) -> (At, usize) {
    let starts = |text: &str| text.chars().enumerate().all(|(k, c)| chars.get(i + k) == Some(&c));
    match at {
        At::Code if starts("//") => (At::LineComment, 2),
        At::Code if starts("/*") => (At::BlockComment(1), 2),
        At::Code if starts("\"") => (At::Text, 1),
        At::Code if starts("'") => (At::Code, char_literal(chars, i)),
        At::Code => raw_text(chars, i).map_or((At::Code, 1), |(hashes, length)| (At::RawText(hashes), length)),
        At::LineComment if starts("\n") => (At::Code, 1),
        At::BlockComment(depth) if starts("/*") => (At::BlockComment(depth + 1), 2),
        At::BlockComment(1) if starts("*/") => (At::Code, 2),
        At::BlockComment(depth) if starts("*/") => (At::BlockComment(depth - 1), 2),
        At::Text if starts("\\") => (At::Text, 2),
        At::Text if starts("\"") => (At::Code, 1),
        At::RawText(hashes) if starts(&format!("\"{}", "#".repeat(hashes))) => (At::Code, 1 + hashes),
        At::LineComment | At::BlockComment(_) | At::Text | At::RawText(_) => (at, 1),
    }
}

/// How many characters a quote begins: a whole literal (`'{'`, `'\n'`), or one for a lifetime.
fn char_literal(chars: &[char], i: usize) -> usize {
    if chars.get(i + 1) == Some(&'\\') {
        let close = chars.iter().skip(i + 3).position(|&c| c == '\'');
        return close.map_or(1, |place| place + 4);
    }
    if chars.get(i + 2) == Some(&'\'') { 3 } else { 1 }
}

/// For `r"`, `r#"`, `br"` …: how many hashes, and how long the opening is.
fn raw_text(chars: &[char], i: usize) -> Option<(usize, usize)> {
    if i.checked_sub(1).and_then(|before| chars.get(before)).is_some_and(|c| is_word(*c)) {
        return None;
    }
    let prefix = usize::from(chars.get(i) == Some(&'b') || chars.get(i) == Some(&'c'));
    if chars.get(i + prefix) != Some(&'r') {
        return None;
    }
    let hashes = chars.iter().skip(i + prefix + 1).take_while(|&&c| c == '#').count();
    let length = prefix + 1 + hashes + 1;
    (chars.get(i + length - 1) == Some(&'"')).then_some((hashes, length))
}

/// How long the token at `i` is.
fn token_length(chars: &[char], i: usize) -> usize {
    let word = chars.iter().skip(i).take_while(|&&c| is_word(c)).count();
    let path = chars.get(i) == Some(&':') && chars.get(i + 1) == Some(&':');
    if path { 2 } else { word.max(1) }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
