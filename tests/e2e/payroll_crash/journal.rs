//! What the journal's export tells of payrolls, folded by the test's own rules.

use std::collections::BTreeMap;

use serde_json::Value;

/// What has become of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Paid,
    Rejected(String),
}

/// One batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub(super) count: u64,
    pub(super) total: i64,
    pub(super) submitted: bool,
    pub(super) dropped: bool,
    /// How often it was funded.
    pub(super) funded: u64,
    /// By number.
    pub(super) amounts: BTreeMap<usize, i64>,
    /// By number, in the order in which they came: one for each item, or it was ended twice.
    pub(super) ends: BTreeMap<usize, Vec<End>>,
    /// What was to be given back to the payer, by number, and what of it is known to be.
    pub(super) back: BTreeMap<u64, (i64, i64)>,
}

impl Batch {
    pub(super) fn end(&self, number: usize) -> Option<&End> {
        self.ends.get(&number)?.last()
    }

    /// What the payer has got back.
    pub(super) fn credited_back(&self) -> i64 {
        self.back.values().map(|(_, done)| done).sum()
    }

    /// Number and amount of the items that ended so.
    pub(super) fn ended(&self, so: impl Fn(&End) -> bool) -> (u64, i64) {
        let ended = self.ends.iter().filter(|(_, ends)| ends.last().is_some_and(&so));
        ended.fold((0, 0), |(count, minor), (number, _)| (count + 1, minor + self.amounts.get(number).copied().unwrap_or(0)))
    }
}

/// All batches.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    pub(super) batches: BTreeMap<u32, Batch>,
    /// The newest block with records.
    pub(super) last_block: u64,
}

impl Journal {
    /// Folds what an export has printed.
    pub(super) fn fold_all(&mut self, text: &str) {
        text.lines().for_each(|line| self.fold(&serde_json::from_str(line).unwrap_or_else(|_| panic!("no object: {line}"))));
    }

    /// Folds one line.
    pub(super) fn fold(&mut self, line: &Value) {
        self.last_block = number(&line["block"]);
        let batch = || u32::try_from(number(&line["batch"])).expect("fits");
        match line["record"].as_str().expect("a record has a name") {
            "BatchOpened" => {
                let opened = Batch { count: number(&line["count"]), total: minor(&line["total"]), ..Batch::default() };
                assert!(self.batches.insert(batch(), opened).is_none(), "a number is taken twice");
            }
            "BatchDropped" => self.batch(batch()).dropped = true,
            "BatchSubmitted" => self.batch(batch()).submitted = true,
            "BatchFunded" => self.batch(batch()).funded += 1,
            "ItemTaken" => {
                let (batch, item) = item(line);
                self.batch(batch).amounts.insert(item, minor(&line["amount"]));
            }
            "ItemEnded" => {
                let (batch, item) = item(line);
                let end = match line["outcome"].as_str() {
                    Some("paid") => End::Paid,
                    _ => End::Rejected(line["code"].as_str().unwrap_or_default().to_owned()),
                };
                self.batch(batch).ends.entry(item).or_default().push(end);
            }
            "CreditBackStarted" => {
                let started = (minor(&line["amount"]), 0);
                let before = self.batch(batch()).back.insert(number(&line["number"]), started);
                assert_eq!(before, None, "a number is taken twice");
            }
            "CreditedBack" => {
                self.batch(batch()).back.entry(number(&line["number"])).or_default().1 += minor(&line["amount"]);
            }
            _ => {}
        }
    }

    fn batch(&mut self, number: u32) -> &mut Batch {
        self.batches.get_mut(&number).expect("a record is about what was opened")
    }
}

fn item(line: &Value) -> (u32, usize) {
    let text = line["item"].as_str().expect("an item has a name");
    let (batch, number) = text.split_once('/').expect("batch and number");
    (batch.parse().expect("a number"), number.parse().expect("a number"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn minor(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no amount"))
}
