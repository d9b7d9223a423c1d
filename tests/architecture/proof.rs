//! Small bad texts that the laws must catch, and good ones that they must let be.

use super::LONGEST;
use super::laws::File;

/// What is wrong with a text at a path, without the path.
fn judged(path: &str, text: &str) -> Vec<String> {
    let faults = File::new(path, text).faults(LONGEST);
    faults.into_iter().map(|fault| fault.trim_start_matches(path).trim_start_matches(':').to_owned()).collect()
}

/// Asserts that each text has exactly one fault, which begins as given.
fn caught(path: &str, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let faults = judged(path, &format!("//! Head.\n{text}\n"));
        assert!(
            faults.len() == 1 && faults.iter().all(|fault| fault.starts_with(expected)),
            "{text}\n{expected}\n{faults:#?}"
        );
    }
}

#[test]
fn forbidden_imports_are_caught_however_they_are_written() {
    caught(
        "src/facts/reading.rs",
        &[
            ("use crate::rules::Verdict;", "2: `facts` may not import `rules`"),
            ("use crate::{units::Span, plan::Step};", "2: `facts` may not import `plan` (`plan::Step`)"),
            ("use crate::{\n    units::{self, Span},\n    plan::{Plan as P},\n};", "4: `facts` may not import `plan`"),
            ("fn f() -> crate::guard::Refusal { g() }", "2: `facts` may not import `guard`"),
            ("use super::super::ports::Fault;", "2: `facts` may not import `ports`"),
            ("mod tests {\n    use super::super::super::store;\n}", "3: `facts` may not import `store`"),
            ("mod a { mod b {} }\nuse super::super::web;", "3: `facts` may not import `web`"),
            ("macro_rules! m { () => { $crate::cli::main() } }", "2: `facts` may not import `cli`"),
            ("use lightsout::azure;", "2: `facts` may not import `azure`"),
            ("use crate::*;", "2: names the whole crate"),
            ("use crate as all;", "2: names the whole crate"),
            ("use crate::nowhere::X;", "2: `facts` may not import `nowhere`"),
        ],
    );
    caught("src/engine/act.rs", &[("use crate::azure::Arm;", "2: `engine` may not import `azure`")]);
    caught("src/sandbox/arm.rs", &[("use crate::azure::wire;", "2: `sandbox` may not import `azure`")]);
    caught("src/main.rs", &[("use lightsout::engine;", "2: `main` may not import `engine`")]);
    caught("src/attic/old.rs", &[("", "1: no row of the table")]);
}

#[test]
fn impurity_is_caught_in_pure_rooms_only() {
    let cases = [
        ("use std::fs;", "2: `std::fs`"),
        ("use std::{collections::BTreeMap, env::var};", "2: `std::env::var`"),
        ("fn f() { let _a = std::net::TcpStream::connect(a); }", "2: `std::net::TcpStream::connect`"),
        ("use std::process::Command;", "2: `std::process::Command`"),
        ("use tokio::time;", "2: `tokio::time`"),
        ("fn f() { tracing::info!(x); }", "2: `tracing::info`"),
        ("fn f() { jiff::Timestamp::now() }", "2: `jiff::Timestamp::now`"),
        ("fn f() { Zoned::now() }", "2: `Zoned::now`"),
        ("async fn f() {}", "2: `async`"),
        ("fn f() { x.await }", "2: `await`"),
    ];
    caught("src/rules/idle.rs", &cases);
    for (text, _) in cases.iter().filter(|(text, _)| !text.contains("env")) {
        assert_eq!(judged("src/store/journal.rs", &format!("//! Head.\n{text}\n")), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_environment_is_read_by_settings_alone() {
    let cases = [
        ("fn f() { std::env::var(\"A\") }", "2: `std::env::var`"),
        ("use std::env;\nfn f() { env::var_os(\"A\") }", "3: `env::var_os`"),
        ("use std::env::{args, vars};", "2: `std::env::vars`"),
    ];
    caught("src/cli/run.rs", &cases);
    for (text, _) in cases {
        assert_eq!(judged("src/settings/load.rs", &format!("//! Head.\n{text}\n")), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn words_and_attributes_are_caught() {
    caught(
        "tests/x.rs",
        &[
            ("// TODO later", "2: `TODO`"),
            ("/* a\n FIXME */", "3: `FIXME`"),
            ("fn f() { todo!() }", "2: `todo!`"),
            ("#[ignore]\nfn f() {}", "2: `#[ignore]`"),
            ("#[should_panic(expected = \"x\")]\nfn f() {}", "2: `#[should_panic]`"),
            ("#[allow(dead_code)]\nfn f() {}", "2: `#[allow(…)]`"),
            ("#![allow(dead_code)]", "2: `#[allow(…)]`"),
        ],
    );
}

#[test]
fn heads_and_lengths_are_caught() {
    for text in ["", "use x;\n", "// Head.\n", "/// Head.\n", "//!\n", "\n//! Head.\n"] {
        assert_eq!(
            judged("src/units/a.rs", text),
            ["1: the first line must begin with `//! ` and say what the file holds"]
        );
    }
    assert_eq!(
        judged("src/units/a.rs", "//! A head\n//! without a stop\n"),
        ["2: the head must be a sentence that ends in a full stop"]
    );
    let long = |lines: usize| format!("//! Head.\n{}", "\n".repeat(lines - 1));
    assert_eq!(judged("src/units/a.rs", &long(400)), Vec::<String>::new());
    assert_eq!(judged("src/units/a.rs", &long(401)).len(), 1);
    assert_eq!(judged("src/main.rs", &long(51)).len(), 1);
}

#[test]
fn a_module_file_only_declares() {
    caught(
        "src/units/mod.rs",
        &[
            ("mod a;\n\nfn f() {}", "4: `fn`"),
            ("pub const A: u8 = 1;", "2: `const`"),
            ("mod a { }", "2: `mod`"),
            ("#[derive(Debug)]\npub(crate) struct A;", "3: `struct`"),
        ],
    );
    let good = "//! Head.\n//!\n//! More\n#![expect(x, reason = \"y\")]\nmod a;\n#[cfg(test)]\nmod tests;\npub(crate) mod b;\npub use a::{A, b::{C, D}};\n";
    assert_eq!(judged("src/units/mod.rs", good), Vec::<String>::new());
}

#[test]
fn comments_strings_and_look_alikes_are_no_faults() {
    let text = r###"//! Head.
// use crate::rules::X; async
/* crate::plan::Y /* std::fs */ tokio::spawn */
const A: &str = "crate::rules::X \" std::fs::read // TODO todo!() #[ignore]";
const B: &str = r#"crate::rules::X " #[allow(x)] "#;
const C: &[u8] = br"std::fs::read";
const D: [char; 4] = ['"', '\'', '{', '\u{7f}'];
fn f<'a>(x: &'a str) -> impl Iterator<Item = &'a str> + use<'a> { self::g(x); super::h(x); crate::units::i(x) }
mod inner { use super::super::Reading; use super::f; }
"###;
    assert_eq!(judged("src/facts/reading.rs", text), Vec::<String>::new());
}
