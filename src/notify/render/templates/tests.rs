//! Tests of templates: those in the binary, an operator's, broken ones, and what nothing from outside can do.

use super::*;
use crate::notify::render::sheet::tone;

fn with(texts: &[(&str, &str)]) -> (Templates, Vec<String>) {
    let (templates, found) =
        Templates::with(texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
    (templates, found.iter().map(ToString::to_string).collect())
}

fn sheet(kind: MessageKind) -> Sheet {
    let rows = vec![("Instance", "<b>ci</b>".to_owned())];
    Sheet { headline: "ci-a & co".to_owned(), words: "It's <idle>".to_owned(), rows, tone: tone(kind), kind }
}

#[test]
fn those_in_the_binary_render_every_kind() {
    assert_eq!(BUILT_IN.templates().count(), 3, "each of them was read");
    for (sheet, links) in samples() {
        let (letter, troubles) = Templates::default().letter(&sheet, &links);
        assert_eq!(troubles, []);
        assert_eq!(letter.subject, words::clean(&sheet.headline));
        assert!(letter.text.starts_with(&sheet.headline) && letter.text.contains("\n-- \n"), "{}", letter.text);
        assert!(letter.html.starts_with("<!doctype html>") && letter.html.ends_with("</html>\n"));
        assert_eq!(letter.html.contains("href=\"https://lightsout.example.org/hold?a=1&amp;b=2\""), !links.is_empty());
    }
}

#[test]
fn an_operators_template_comes_before_and_one_for_a_kind_before_all() {
    let (templates, found) = with(&[
        ("subject.txt", "[lab] {{ headline }}\n"),
        ("warning.subject.txt", "Soon:\r\nBcc: eve@example.org {{ headline }}"),
        ("warning.html", "<p>{{ words }}</p>{% include \"_foot.html\" %}"),
        ("_foot.html", "<i>{{ rows[0].value if rows else '' }}</i>"),
        ("stopped.html", "{% extends \"built-in/letter.html\" %}"),
    ]);
    assert_eq!(found, Vec::<String>::new());
    let (warning, troubles) = templates.letter(&sheet(MessageKind::Warning), &[]);
    assert_eq!(troubles, []);
    assert_eq!(warning.subject, "Soon: Bcc: eve@example.org ci-a & co", "one line, whatever the template has");
    assert_eq!(warning.html, "<p>It&#39;s &lt;idle&gt;</p><i>&lt;b&gt;ci&lt;/b&gt;</i>");
    assert_eq!(warning.text, Templates::default().letter(&sheet(MessageKind::Warning), &[]).0.text);
    let (stopped, _) = templates.letter(&sheet(MessageKind::Stopped), &[]);
    assert_eq!(stopped.subject, "[lab] ci-a & co");
    assert_eq!(stopped.html, Templates::default().letter(&sheet(MessageKind::Stopped), &[]).0.html);
}

#[test]
fn a_broken_one_is_named_and_the_one_in_the_binary_stands_in() {
    let (templates, found) = with(&[
        ("letter.txt", "line one\n{{ headlin }}\n"),
        ("letter.html", "{% for row in rows %}{{ row.value }}"),
        ("digest.txt", "{% if kind == \"digest\" and no_such %}x{% endif %}"),
        ("leter.txt", "x"),
    ]);
    assert_eq!(found.len(), 4, "{found:?}");
    for (found, begins) in found.iter().zip([
        "digest.txt:1: ",
        "leter.txt:1: no template is called so; known are ",
        "letter.html:1: ",
        "letter.txt:2: ",
    ]) {
        assert!(found.starts_with(begins), "{found}");
    }
    assert!(found[3].contains("nothing is called so here"), "{}", found[3]);
    for (sheet, links) in samples() {
        let (letter, troubles) = templates.letter(&sheet, &links);
        assert_eq!((letter, troubles), Templates::default().letter(&sheet, &links), "left out, it fails no more");
    }
}

#[test]
fn a_template_that_fails_later_is_passed_over_and_named() {
    // no sample has a row of this name, and a real message may
    let (templates, found) =
        with(&[("letter.txt", "{% for row in rows if row.label == \"Month\" %}{{ 1 / 0 }}{% endfor %}ok")]);
    assert_eq!(found, Vec::<String>::new());
    let mut odd = sheet(MessageKind::Budget);
    odd.rows.push(("Month", "2026-03".to_owned()));
    let (letter, troubles) = templates.letter(&odd, &[]);
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert_eq!(letter.text, Templates::default().letter(&odd, &[]).0.text);
    assert_eq!(templates.letter(&sheet(MessageKind::Budget), &[]).0.text, "ok");
}

#[test]
fn no_template_can_print_in_html_what_comes_from_outside_as_it_is() {
    let tries = [
        "{{ words }}",
        "{% autoescape false %}{{ words }}{% endautoescape %}",
        "{% autoescape \"none\" %}{{ words }}{% endautoescape %}",
        "{{ words|escape }}",
        "{% set x = words %}{{ x }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(words) }}",
    ];
    for text in tries {
        let (templates, _) = with(&[("warning.html", text)]);
        let html = templates.letter(&sheet(MessageKind::Warning), &[]).0.html;
        assert!(!html.contains("<idle>") && html.contains("&lt;idle&gt;"), "{text}: {html}");
    }
    let (_, found) = with(&[("warning.html", "{{ words|safe }}")]);
    assert_eq!(found.len(), 1, "there is no such filter: {found:?}");
}
