use super::super::sample;
use super::*;

fn count(page: &str, what: &str) -> usize {
    page.matches(what).count()
}

/// The piece of the page that tells of the scenario at `path`.
fn row<'p>(page: &'p str, path: &str) -> &'p str {
    let rows = page.split("<details ").skip(1);
    rows.into_iter().find(|row| row.contains(&format!("<code>{path}"))).unwrap_or_else(|| panic!("{path} has no row"))
}

#[test]
fn what_is_told_is_text_and_never_markup() {
    let page = page(&sample::report());
    assert!(page.contains("<b>&lt;script&gt;alert('1 &amp; 2')&lt;/script&gt; ]]&gt; \u{fffd}[31m\u{fffd}</b>"));
    for acting in ["<script>alert", "<img", "<i>garbage", "</details><b>bold", "<0017>"] {
        assert!(!page.contains(acting), "{acting}");
    }
    assert!(page.contains("data-tags=\"&quot;quoted&quot;\na&lt;b&gt;&amp;c\""));
    for tag in ["details", "table", "svg", "g", "text", "div", "section", "pre", "tr", "td", "aside", "button", "span"] {
        let opened = count(&page, &format!("<{tag} ")) + count(&page, &format!("<{tag}>"));
        assert_eq!(opened, count(&page, &format!("</{tag}>")), "{tag}");
    }
}

#[test]
fn the_page_needs_nothing_else() {
    let page = page(&sample::report());
    for outside in ["http:", "https:", "src=\"", "url(", "@import", "<link", "fetch("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn every_scenario_has_a_row_under_its_folder_and_only_failures_are_open() {
    let page = page(&sample::report());
    assert!(page.contains("<h1>5 of 9 scenarios did not pass</h1>"));
    let verdicts = ["passed", "failed", "bad", "unconnected", "skipped"];
    let rows = verdicts.map(|verdict| count(&page, &format!("<details class=\"scenario {verdict}\"")));
    assert_eq!(rows, [3, 3, 1, 1, 1]);
    assert_eq!((count(&page, "<section class=\"folder\">"), count(&page, "\" open>")), (3, 4));
    assert!(row(&page, "scenarios/cash/silent-bank.toml:24").contains("\" open>"));
    assert!(!row(&page, "scenarios/cash/paid.toml").contains("\" open>"));
}

#[test]
fn one_scenario_is_no_plural() {
    let of = |tally: Tally| headline(&tally);
    let none = Tally::default();
    assert_eq!(of(Tally { failed: 1, ..none }), "The scenario did not pass");
    assert_eq!(of(Tally { skipped: 1, ..none }), "The scenario was skipped");
    assert_eq!(of(Tally { passed: 2, skipped: 1, ..none }), "2 of 3 scenarios passed, 1 was skipped");
}

#[test]
fn links_to_what_did_not_pass_lead_to_its_row() {
    let page = page(&sample::report());
    let links: Vec<_> = page.split("href=\"#").skip(1).map(|piece| piece.split('"').next().unwrap()).collect();
    assert_eq!(links.len(), 5);
    for (link, path) in links.into_iter().zip(["silent-bank.toml", "no-reversal.toml", "ដកប្រាក់.toml", "typo.toml", "echo.toml"])
    {
        assert!(
            page.split("<details ").any(|row| row.contains(&format!("id=\"{link}\"")) && row.contains(path)),
            "{link} is not {path}"
        );
    }
}

#[test]
fn a_failure_shows_what_differs_first_and_the_fields_of_the_message_in_question() {
    let page = page(&sample::report());
    let row = row(&page, "scenarios/cash/silent-bank.toml");
    let fields = row.split("<tr class=\"").skip(1).map(|row| row.split('"').next().unwrap());
    assert_eq!(fields.collect::<Vec<_>>(), ["differs", "differs", "differs", "agrees", "agrees", "differs"]);
    assert_eq!(count(row, "class=\"message marked\""), 1);
    assert!(row.contains("class=\"message fault\"") && row.contains("class=\"lost\""));
    let shown = row.split("<div data-m=\"").skip(1).filter(|detail| !detail.split('>').next().unwrap().contains("hidden"));
    let shown: Vec<_> = shown.collect();
    assert!(shown.len() == 1 && shown[0].contains("<b>0210 09 in progress</b>"), "{shown:?}");
}

#[test]
fn a_long_exchange_is_drawn_without_its_middle() {
    let page = page(&sample::report());
    let row = row(&page, "scenarios/rules/month.toml");
    assert_eq!(count(row, "<g class=\"message") + count(row, "<g class=\"step"), 80);
    assert!(row.contains(">310 rows left out<"), "{row}");
}

#[test]
fn three_hundred_scenarios_are_one_page_of_a_few_megabytes() {
    let mut report = sample::report();
    let nine = report.scenarios.clone();
    report.scenarios.extend(std::iter::repeat_n(nine, 33).flatten());
    let page = page(&report);
    assert!(page.len() < 5_000_000, "{}", page.len());
    assert_eq!(count(&page, "class=\"scenario failed\""), 102);
}

#[test]
fn where_room_is_short_failures_keep_their_fields() {
    let page = page_within(&sample::report(), Room { failed: 100_000, others: 5_000 });
    assert!(row(&page, "scenarios/cash/silent-bank.toml").contains("<div data-m="));
    assert!(row(&page, "scenarios/cash/paid.toml").contains("<div data-m="));
    let long = row(&page, "scenarios/rules/month.toml");
    assert!(long.contains("Fields are left out to keep the page small") && !long.contains("<div data-m="));
}

#[test]
fn a_replay_of_nothing_says_so() {
    assert!(page(&Report::default()).contains("<h1>Nothing executed</h1>"));
}

#[test]
#[ignore = "writes the sample page for somebody to look at"]
fn the_page_to_look_at() {
    let path = std::env::temp_dir().join("payswitch-report-sample.html");
    std::fs::write(&path, page(&sample::report())).unwrap();
    println!("{}", path.display());
}
