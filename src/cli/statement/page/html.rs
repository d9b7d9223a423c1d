//! HTML by hand: everything that comes from outside is escaped here, and nowhere is it put in unescaped.

use crate::report::words::html as escape;

/// A table whose first column names and whose others count. The last row is a sum where there is one.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Table {
    /// What it shows.
    pub(in crate::cli) caption: String,
    /// Heads of the columns.
    pub(in crate::cli) header: Vec<String>,
    /// Cells.
    pub(in crate::cli) rows: Vec<Vec<String>>,
    /// The sum.
    pub(in crate::cli) sum: Option<Vec<String>>,
}

impl Table {
    /// As HTML; what is in the first column are words, and figures in the others.
    pub(in crate::cli) fn html(&self) -> String {
        self.html_of_words(1)
    }

    /// The same with words in the first so many columns: they begin at the left.
    pub(in crate::cli) fn html_of_words(&self, words: usize) -> String {
        let mut text = format!("<table>\n<caption>{}</caption>\n<thead><tr>", escape(&self.caption));
        for (place, head) in self.header.iter().enumerate() {
            text.push_str(&format!("<th scope=\"col\"{}>{}</th>", of_words(place, words), escape(head)));
        }
        text.push_str("</tr></thead>\n<tbody>\n");
        self.rows.iter().for_each(|row| text.push_str(&line(row, words)));
        text.push_str("</tbody>\n");
        if let Some(sum) = &self.sum {
            text.push_str(&format!("<tfoot>\n{}</tfoot>\n", line(sum, words)));
        }
        text.push_str("</table>\n");
        text
    }
}

/// Beyond the first column, which begins at the left in any case.
const fn of_words(place: usize, words: usize) -> &'static str {
    if place > 0 && place < words { " class=\"words\"" } else { "" }
}

fn line(cells: &[String], words: usize) -> String {
    let mut text = "<tr>".to_owned();
    for (place, cell) in cells.iter().enumerate() {
        let cell = escape(cell);
        let cell = match place {
            0 => format!("<th scope=\"row\">{cell}</th>"),
            place => format!("<td{}>{cell}</td>", of_words(place, words)),
        };
        text.push_str(&cell);
    }
    text.push_str("</tr>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_is_markup() {
        assert_eq!(escape("<b onclick='x'>&\"\u{202e}"), "&lt;b onclick=&#39;x&#39;&gt;&amp;&quot;\\u{202e}");
        let evil = "</td><script>alert(1)</script>".to_owned();
        let table = Table {
            caption: evil.clone(),
            header: vec![evil.clone()],
            rows: vec![vec![evil.clone(), evil.clone()]],
            sum: Some(vec![evil]),
        };
        assert_eq!(table.html().matches("<script").count(), 0);
        assert_eq!(table.html().matches("&lt;script&gt;").count(), 5);
    }
}
