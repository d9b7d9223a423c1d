//! The HTML page: one file, nothing that runs or loads, every chart told in words, and no name that becomes markup.

use serde_json::Value;

use crate::{JANUARY, journal, report};

/// Tags that were opened and not closed, in order.
fn open_tags(html: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for part in html.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        let name: String =
            tag.trim_start_matches('/').chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '!').collect();
        match tag.strip_prefix('/') {
            Some(_) => assert_eq!(open.pop().as_deref(), Some(name.as_str()), "closed where it is not open"),
            None if tag.ends_with('/') || ["meta", "!DOCTYPE"].contains(&name.as_str()) => {}
            None => open.push(name),
        }
    }
    open
}

#[tokio::test]
async fn a_page_is_whole_in_itself() {
    let (dir, rows) = journal().await;
    let store = dir.path().join("journal");
    let rows = rows.to_string();
    for by in ["workspace", "team", "owner", "size", "instance", "ground", "policy", "day"] {
        let args = [&JANUARY[..], &["--as-of-seq", &rows, "--by", by, "--format", "html"]].concat();
        let said = report(&store, &args);
        let page = said.text();
        assert_eq!(report(&store, &args).out, said.out, "the same bytes each time");
        assert_eq!(open_tags(page), Vec::<String>::new(), "{by}");
        for loads in ["<script", "<link", "<img", "url(", "@import", "src=", "href="] {
            assert!(!page.contains(loads), "{loads} by {by}");
        }
        let addresses: Vec<&str> = page.split("http").skip(1).collect();
        let known =
            |rest: &&str| rest.starts_with("://www.w3.org/2000/svg\"") || rest.starts_with("://evil.example&quot;");
        assert!(addresses.iter().all(|rest| known(rest) || rest.starts_with("-equiv")), "by {by}");
        let charts = page.matches("<svg role=\"img\" aria-labelledby=").count();
        assert!(charts >= 2, "{charts} charts by {by}");
        assert_eq!((page.matches("<svg").count(), page.matches("<desc ").count()), (charts, charts));
        assert_eq!(page.matches("</title><desc").count(), charts);
        assert!(page.matches("<table>").count() >= charts, "a table for each chart");
    }
}

#[tokio::test]
async fn the_page_shows_the_figures_of_the_other_forms() {
    let (dir, _) = journal().await;
    let store = dir.path().join("journal");
    let of = |format: &str| {
        let said = report(&store, &[&JANUARY[..], &["--by", "owner", "--format", format]].concat());
        said.text().to_owned()
    };
    let (page, told) = (of("html"), of("json"));
    let told: Value = serde_json::from_str(&told).unwrap();
    let headlines = told["headlines"].as_array().unwrap();
    assert_eq!(headlines.len(), 3);
    for line in headlines {
        assert!(page.contains(&format!("<p class=\"amount\">{}</p>", line["amount"].as_str().unwrap())), "{line}");
    }
    assert!(page.contains(told["report"]["ledger_hash"].as_str().unwrap()));
    assert!(page.contains("<h1>January 2027</h1>"));
    // what people call themselves stays a name
    assert!(page.contains("bo &lt;b&gt;@contoso.example"));
    assert!(page.contains("=HYPERLINK(&quot;http://evil.example&quot;)"));
    assert!(!page.contains("<b>@contoso"));
}

#[tokio::test]
async fn many_days_are_shown_by_month_and_none_at_all_by_nothing() {
    let (dir, _) = journal().await;
    let store = dir.path().join("journal");
    let said = report(&store, &["--period", "2027", "--format", "html"]);
    assert!(said.text().contains("What running time cost, by month") && said.text().contains("Jan 2027"));
    let said = report(&store, &["--period", "2031-05", "--format", "html"]);
    assert_eq!((said.text().matches("<svg").count(), open_tags(said.text()).len()), (0, 0));
}
