//! `payswitch cards show` and `stats`.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use ::cards::{Shown, State, Tally};
use admin::CardStats;
use clap::Args;
use model::BusinessDate;
use serde_json::{Value, json};

use super::super::desk::card_stats;
use super::super::quiet_on_closed_pipe;
use super::super::table::table;
use super::{DataFolder, Failure, Whose, calendar_day, day, store};

/// `payswitch cards show`
#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    whose: Whose,
    /// The day by which cards are expired; today where left out.
    #[arg(long, value_name = "DAY", value_parser = calendar_day)]
    on: Option<BusinessDate>,
    /// JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folder: DataFolder,
}

impl Show {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let of = self.whose.of()?;
        let cards = store(&self.folder, false)?.show(&of, day(self.on))?;
        let shown = if self.json {
            Value::Array(cards.iter().map(json_of).collect()).to_string() + "\n"
        } else {
            cards.iter().map(text_of).collect::<Vec<_>>().join("\n")
        };
        quiet_on_closed_pipe(std::io::stdout().write_all(shown.as_bytes()))
    }
}

fn text_of(it: &Shown) -> String {
    let mut text = format!("{}  {} card of {}, {}", it.card, it.kind.name(), it.bank.name(), it.state);
    text += &it.expiry.map(|expiry| format!(", good through {expiry}")).unwrap_or_default();
    text += &format!("\n  holder    {} {} ({})\n  agency    {}\n", it.holder, it.name_latin, it.name_khmer, it.agency);
    let lines = [
        ("riel", Some(&it.account_khr).filter(|it| !it.is_empty())),
        ("dollars", Some(&it.account_usd).filter(|it| !it.is_empty())),
        ("funded by", it.funded_by.as_ref()),
        ("replaces", it.replaces.as_ref()),
    ];
    for (name, value) in lines.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        text += &format!("  {name:<9} {value}\n");
    }
    for change in &it.history {
        let why = if change.reason.is_empty() { String::new() } else { format!(": {}", change.reason) };
        text += &format!("  {}  {} by {}{why}\n", change.at, change.state, change.by);
    }
    text
}

fn json_of(it: &Shown) -> Value {
    let history = it.history.iter().map(
        |change| json!({ "at": change.at.to_string(), "state": change.state.name(), "by": change.by, "reason": change.reason }),
    );
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    json!({
        "card": it.card,
        "kind": it.kind.name(),
        "bank": it.bank.name(),
        "agency": it.agency,
        "state": it.state.name(),
        "expiry": it.expiry.map(|expiry| format!("{:04}", expiry.yymm())),
        "holder": it.holder.to_string(),
        "name_latin": it.name_latin,
        "name_khmer": it.name_khmer,
        "account_khr": some(&it.account_khr),
        "account_usd": some(&it.account_usd),
        "funded_by": it.funded_by,
        "replaces": it.replaces,
        "history": history.collect::<Vec<_>>(),
    })
}

/// `payswitch cards stats`
#[derive(Args)]
pub(super) struct Stats {
    /// The day by which cards are expired; today where left out.
    #[arg(long, value_name = "DAY", value_parser = calendar_day)]
    on: Option<BusinessDate>,
    /// JSON, as `GET /cards/stats` says it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folder: DataFolder,
}

impl Stats {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let day = day(self.on);
        let all = store(&self.folder, false)?.stats(day)?;
        let shown = if self.json { serde_json::to_string(&card_stats(day, all))? + "\n" } else { text(day, &all) };
        quiet_on_closed_pipe(std::io::stdout().write_all(shown.as_bytes()))
    }
}

/// First what was ever registered and printed, then what cards are now.
fn text(day: BusinessDate, all: &[Tally]) -> String {
    let total: u64 = all.iter().map(|it| it.cards).sum();
    if total == 0 {
        return "no card is in the store\n".to_owned();
    }
    let states: Vec<State> = State::ALL.into_iter().filter(|state| all.iter().any(|it| it.state == *state)).collect();
    let CardStats { registered, agencies, printed, agencies_printed, .. } = card_stats(day, all.to_vec());
    let mut shown =
        format!("{registered} registered, from {}; {printed} of them printed, for {}\n", of(agencies), of(agencies_printed));
    shown += &format!("\nwhat they are on {day}:\n\n");
    shown += &by("agency", all, &states, |it| it.agency.clone());
    shown += "\n";
    shown += &by("bank", all, &states, |it| format!("{}, {}", it.bank.name(), it.kind.name()));
    shown
}

fn of(agencies: usize) -> String {
    if agencies == 1 { "1 agency".to_owned() } else { format!("{agencies} agencies") }
}

/// A table with a column for each state that there is, and all together at the end.
fn by(name: &str, all: &[Tally], states: &[State], key: impl Fn(&Tally) -> String) -> String {
    let mut lines: BTreeMap<String, BTreeMap<State, u64>> = BTreeMap::new();
    let mut sums: BTreeMap<State, u64> = BTreeMap::new();
    for it in all {
        *lines.entry(key(it)).or_default().entry(it.state).or_default() += it.cards;
        *sums.entry(it.state).or_default() += it.cards;
    }
    let cell = |of: &BTreeMap<State, u64>, place: usize| {
        let state = states.get(place);
        state.map(|state| of.get(state).copied().unwrap_or(0).to_string()).unwrap_or_default()
    };
    // Eight states at most; columns of those that are not there stay empty.
    let row = |name: String, of: &BTreeMap<State, u64>| {
        let all = of.values().sum::<u64>().to_string();
        let [a, b, c, d, e, f, g, h] = std::array::from_fn(|place| cell(of, place));
        [name, all, a, b, c, d, e, f, g, h]
    };
    let heads: [String; 8] = std::array::from_fn(|place| states.get(place).map(|it| format!(">{it}")).unwrap_or_default());
    let [a, b, c, d, e, f, g, h] = heads.each_ref().map(String::as_str);
    let rows = lines.into_iter().map(|(name, of)| row(name, &of));
    table([name, ">cards", a, b, c, d, e, f, g, h], rows.chain([row("all".to_owned(), &sums)]))
}
