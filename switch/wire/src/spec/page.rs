//! A page of headings, text, tables and listings, as Markdown or as one HTML file that needs nothing else.

use std::fmt::Write as _;

/// A specification, ready to be written in either form.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Level 2 or 3, and its words.
    Heading(u8, String),
    Text(String),
    List(Vec<String>),
    Table(Vec<String>, Vec<Vec<String>>),
    Listing(String),
}

impl Page {
    pub(super) fn new(title: String) -> Self {
        Self { title, parts: Vec::new() }
    }

    pub(super) fn heading(&mut self, level: u8, words: &str) {
        self.parts.push(Part::Heading(level, words.to_owned()));
    }

    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Text(text.into()));
    }

    pub(super) fn list(&mut self, items: &[&str]) {
        self.parts.push(Part::List(items.iter().map(|item| (*item).to_owned()).collect()));
    }

    pub(super) fn table(&mut self, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        self.parts.push(Part::Table(head.iter().map(|it| (*it).to_owned()).collect(), rows.into_iter().collect()));
    }

    pub(super) fn listing(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Listing(text.into()));
    }

    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n", self.title);
        let cell = |text: &String| text.replace('|', "\\|").replace('*', "\\*");
        for part in &self.parts {
            // Writing to a String cannot fail.
            let _ = match part {
                Part::Heading(level, words) => writeln!(out, "\n{} {words}", "#".repeat(usize::from(*level))),
                Part::Text(text) => writeln!(out, "\n{}", text.replace('*', "\\*")),
                Part::List(items) => {
                    writeln!(out, "\n{}", items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n"))
                }
                Part::Listing(text) => writeln!(out, "\n```text\n{}\n```", text.trim_end()),
                Part::Table(head, rows) => {
                    let line = |cells: &[String]| format!("| {} |\n", cells.iter().map(cell).collect::<Vec<_>>().join(" | "));
                    let rule = format!("|{}\n", "---|".repeat(head.len()));
                    writeln!(out, "\n{}{rule}{}", line(head), rows.iter().map(|row| line(row)).collect::<String>().trim_end())
                }
            };
        }
        out
    }

    /// As one HTML file.
    #[must_use]
    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut body = String::new();
        let mut contents = String::new();
        for (place, part) in self.parts.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = match part {
                Part::Heading(level, words) => {
                    let words = escaped(words);
                    let _ = writeln!(contents, "<a class=\"l{level}\" href=\"#s{place}\">{words}</a>");
                    writeln!(body, "<h{level} id=\"s{place}\">{words}</h{level}>")
                }
                Part::Text(text) => writeln!(body, "<p>{}</p>", escaped(text)),
                Part::List(items) => {
                    let items: String = items.iter().map(|item| format!("<li>{}</li>", escaped(item))).collect();
                    writeln!(body, "<ul>{items}</ul>")
                }
                Part::Listing(text) => writeln!(body, "<pre>{}</pre>", escaped(text.trim_end())),
                Part::Table(head, rows) => {
                    let head: String = head.iter().map(|cell| format!("<th>{}</th>", escaped(cell))).collect();
                    let _ = write!(body, "<table><thead><tr>{head}</tr></thead><tbody>");
                    for row in rows {
                        let cells: String = row.iter().map(|cell| html_cell(cell)).collect();
                        let _ = write!(body, "<tr>{cells}</tr>");
                    }
                    writeln!(body, "</tbody></table>")
                }
            };
        }
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head>\n\
             <body><nav>{contents}</nav><main><h1>{title}</h1>\n{body}</main></body></html>\n"
        )
    }
}

/// A cell; the marks of a profile get a colour of their own, and a few characters (a number, a format) are not broken into lines.
fn html_cell(text: &str) -> String {
    const WHOLE_MAX: usize = 16;
    match text {
        "M" | "C" | "E" | "O" | "F" => format!("<td class=\"mark {}\">{text}</td>", text.to_ascii_lowercase()),
        _ if text.chars().count() <= WHOLE_MAX => format!("<td class=\"whole\">{}</td>", escaped(text)),
        _ => format!("<td>{}</td>", escaped(text)),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#d5d9de;--soft:#f4f6f8;--ink:#1b2430;--dim:#5a6675;--link:#14508c;--page:#fff}\
@media(prefers-color-scheme:dark){:root{--line:#36404c;--soft:#1d242c;--ink:#e3e8ee;--dim:#9aa7b5;--link:#7db4ee;--page:#12171d}}\
*{box-sizing:border-box}body{margin:0;display:flex;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page)}\
nav{flex:0 0 20rem;height:100vh;position:sticky;top:0;overflow:auto;padding:1.5rem 1rem;background:var(--soft);\
border-right:1px solid var(--line);font-size:13px}nav a{display:block;padding:.15rem 0;color:var(--link);text-decoration:none}\
nav a.l2{font-weight:600;margin-top:.5rem}nav a.l3{padding-left:.9rem}main{flex:1;min-width:0;max-width:64rem;padding:1.5rem 2.5rem 4rem}\
h1{font-size:1.7rem;margin:.2rem 0 1rem}h2{font-size:1.3rem;margin:2.4rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--line)}\
h3{font-size:1.05rem;margin:1.8rem 0 .4rem}p{max-width:48rem}table{border-collapse:collapse;width:100%;margin:.6rem 0}\
th{text-align:left;font-size:12px;color:var(--dim);font-weight:600}th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);\
vertical-align:top}td:first-child{font-variant-numeric:tabular-nums}td.whole{white-space:nowrap}tbody tr:nth-child(even){background:var(--soft)}\
td.mark{width:2.2rem;text-align:center;font-weight:700}td.m{color:#b3261e}td.c{color:#9a6700}td.e{color:#14508c}\
td.o{color:#4d7c0f}td.f{color:var(--dim)}pre{background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:.8rem;\
overflow-x:auto;font:12.5px/1.45 ui-monospace,monospace}\
@media(prefers-color-scheme:dark){td.m{color:#ff8a80}td.c{color:#e3b341}td.e{color:#7db4ee}td.o{color:#a3d063}}\
@media(max-width:60rem){body{display:block}nav{position:static;height:auto;max-height:14rem}main{padding:1rem}table{display:block;overflow-x:auto}}\
@media print{nav{display:none}main{max-width:none;padding:0}tr{break-inside:avoid}h3{break-after:avoid}}";
