//! Documents before a judge who reads the schemas of ISO 20022 by other people's tools: what our writers write is valid, and what the
//! schema refuses of a pain.001 is refused here too.

mod mutation;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use documents::{ItemStatus, Numbers, Original, Reason, ReasonCode, Status, Sum, camt054, pacs004, pain001, pain002};
use model::Money;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::made::{Made, account, agent, date, document, identifier, moment};
use crate::left_out::left_out;
use crate::read;
use mutation::mutated;

/// How many documents of each kind are judged.
const DOCUMENTS: usize = 40;

/// One process of `python3`, asked line by line.
struct Judge {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Judge {
    /// Starts it; what it says where it cannot run.
    fn start() -> Result<Self, String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents/schema/judge.py");
        let mut command = Command::new("python3");
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("python3: {error}"))?;
        let (questions, answers) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let mut judge = Self { process, questions, answers };
        if judge.answer().is_none() {
            let mut said = String::new();
            std::io::Read::read_to_string(&mut judge.process.stderr.take().unwrap(), &mut said).unwrap();
            return Err(said.trim().lines().last().unwrap_or("python3 says nothing").to_owned());
        }
        Ok(judge)
    }

    fn answer(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).ok()
    }

    /// Why the document is none of that message; nothing where it is one.
    fn refused(&mut self, message: &str, document: &[u8]) -> Option<String> {
        let document = str::from_utf8(document).unwrap();
        let question = json!({"message": message, "document": document});
        self.questions.as_mut().unwrap().write_all(format!("{question}\n").as_bytes()).unwrap();
        let answer = self.answer().unwrap_or_else(|| panic!("no answer about {document}"));
        answer["refused"].as_str().map(str::to_owned)
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // It ends when there are no more questions.
        self.questions = None;
        let _ = self.process.wait();
    }
}

/// The judge, or word that this is not tested.
fn judge(what: &str) -> Option<Judge> {
    Judge::start().map_err(|why| left_out(what, &why)).ok()
}

/// Judges documents made from a strategy; and, so that the judge is no rubber stamp, each of them without one of `needed`.
fn judged<S: Strategy>(message: &str, needed: &[&str], strategy: &S, write: impl Fn(&S::Value) -> Vec<u8>) {
    let Some(mut judge) = judge(&format!("{message} held against its schema")) else { return };
    let mut runner = TestRunner::default();
    for turn in 0..DOCUMENTS {
        let bytes = write(&strategy.new_tree(&mut runner).unwrap().current());
        let refused = judge.refused(message, &bytes);
        assert!(refused.is_none(), "{refused:?}\n{}", String::from_utf8_lossy(&bytes));
        let text = String::from_utf8(bytes).unwrap();
        let without = mutation::without(&text, needed[turn % needed.len()]);
        assert!(judge.refused(message, without.as_bytes()).is_some(), "this is no {message}, and is taken:\n{without}");
    }
}

#[test]
fn the_orders_that_are_written_are_those_of_the_schema() {
    for edition in pain001::Edition::ALL {
        let needed = ["MsgId", "CreDtTm", "InitgPty", "PmtMtd", "ReqdExctnDt", "DbtrAgt", "PmtId", "EndToEndId", "Amt"];
        judged(edition.message(), &needed, &document(), |made| made.xml(edition));
    }
}

/// What the schema refuses is refused, as far as it concerns what is read.
#[test]
fn what_the_schema_refuses_is_refused() {
    let Some(mut judge) = judge("pain.001 that the schema refuses") else { return };
    let mut runner = TestRunner::default();
    let (mut by_both, mut by_us, mut taken) = (0, 0, 0);
    for edition in pain001::Edition::ALL {
        let strategy = (document(), vec((any::<prop::sample::Index>(), 0..9), 1..3));
        for _ in 0..DOCUMENTS * 5 {
            let (made, changes) = strategy.new_tree(&mut runner).unwrap().current();
            let text = mutated(String::from_utf8(made.xml(edition)).unwrap(), &changes);
            let (theirs, ours) = (judge.refused(edition.message(), text.as_bytes()), read(text.as_bytes()).1);
            match (theirs, ours.is_empty()) {
                (Some(why), true) => panic!("the schema refuses it ({why}), and it is taken here:\n{text}"),
                (Some(_), false) => by_both += 1,
                (None, false) => by_us += 1,
                (None, true) => taken += 1,
            }
        }
    }
    println!("refused by both {by_both}, by us alone {by_us}, by nobody {taken}");
    assert!(by_both > DOCUMENTS * 5, "{by_both}");
}

fn reasons() -> impl Strategy<Value = Vec<Reason>> {
    let code = prop::sample::select(ReasonCode::ALL.to_vec());
    let detail = prop_oneof![Just(None), "[ -~ក-ខ\\n]{1,300}".prop_map(Some)];
    vec((code, detail).prop_map(|(code, detail)| Reason { code, detail }), 0..3)
}

/// An order with reasons to refuse, of which its items get one each in turn.
fn answered() -> impl Strategy<Value = (Made, documents::Identifier, documents::Moment, Vec<Reason>)> {
    (document(), identifier(), moment(), reasons())
}

fn original(made: &Made) -> Original<'_> {
    let header = &made.header;
    let (count, control_sum) = (Some(header.count), header.control_sum);
    Original { message_id: &header.message_id, message: "pain.001.001.09", created: Some(&header.created), count, control_sum }
}

fn status(reason: Option<&Reason>, index: u32) -> ItemStatus {
    match (reason, index % 2) {
        (Some(_), _) => ItemStatus::Rejected,
        (None, 0) => ItemStatus::Pending,
        (None, _) => ItemStatus::Settled,
    }
}

#[test]
fn the_answers_that_are_written_are_those_of_the_schema() {
    for edition in pain002::Edition::ALL {
        let needed = ["GrpHdr", "MsgId", "CreDtTm", "OrgnlMsgId", "OrgnlMsgNmId", "OrgnlPmtInfId", "DtldSts"];
        judged(edition.message(), &needed, &answered(), |(made, message_id, created, reasons)| {
            let all = Numbers { status: ItemStatus::Pending, count: 3, sum: made.amounts().collect() };
            let numbers = &[all, Numbers { status: ItemStatus::Rejected, ..all }];
            let status_of_all = [Status::Settled, Status::Pending, Status::Part, Status::Rejected][made.blocks.len() % 4];
            let answer =
                pain002::Answer { message_id, created, original: original(made), status: status_of_all, reasons, numbers };
            let mut writer = pain002::Writer::new(Vec::new(), edition, &answer).unwrap();
            for (block, items) in &made.blocks {
                let (count, control_sum) = (block.count, block.control_sum);
                let batch = pain002::Batch { id: &block.id, count, control_sum, status: status_of_all, reasons, numbers };
                writer.batch(&batch).unwrap();
                for item in items {
                    let reason = reasons.get(item.index as usize % 3);
                    let (instruction_id, end_to_end_id) = (item.instruction_id.as_ref(), &item.end_to_end_id);
                    let (amount, status) = (Some(item.amount), status(reason, item.index));
                    writer.item(&pain002::Item { instruction_id, end_to_end_id, amount, status, reason }).unwrap();
                }
            }
            writer.finish().unwrap()
        });
    }
}

#[test]
fn the_notifications_that_are_written_are_those_of_the_schema() {
    let needed = ["MsgId", "Id", "Acct", "Amt", "CdtDbtInd", "Sts", "BkTxCd", "Fmly", "SubFmlyCd"];
    let strategy = (answered(), account(), agent(), date());
    judged(camt054::MESSAGE, &needed, &strategy, |((made, id, created, reasons), account, servicer, date)| {
        let mut writer = camt054::Writer::new(Vec::new(), id, created).unwrap();
        for (block, items) in &made.blocks {
            let currency = items[0].amount.currency();
            let side = |item: &documents::Item| {
                reasons.get(item.index as usize % 3).map_or(camt054::Side::Credit, |reason| camt054::Side::Return(reason.code))
            };
            let sums = |credit: bool| {
                let amounts: Vec<Money> =
                    items.iter().filter(|item| (side(item) == camt054::Side::Credit) == credit).map(|item| item.amount).collect();
                (amounts.len() as u64, amounts.into_iter().collect::<Sum>())
            };
            let (credits, debits) = (sums(true), sums(false));
            let head = camt054::Notification { id, created, account, currency, servicer, credits, debits };
            writer.notification(&head).unwrap();
            for item in items {
                let booking = camt054::Booking {
                    reference: &item.end_to_end_id,
                    amount: item.amount,
                    side: side(item),
                    date: *date,
                    message_id: &made.header.message_id,
                    batch_id: &block.id,
                    instruction_id: item.instruction_id.as_ref(),
                    end_to_end_id: &item.end_to_end_id,
                    name: item.name.as_ref(),
                    account: &item.account,
                    purpose: item.purpose,
                };
                writer.entry(&booking).unwrap();
            }
        }
        writer.finish().unwrap()
    });
}

#[test]
fn the_returns_that_are_written_are_those_of_the_schema() {
    let needed = ["MsgId", "CreDtTm", "NbOfTxs", "SttlmInf", "OrgnlMsgId", "OrgnlMsgNmId", "RtrdIntrBkSttlmAmt"];
    let strategy = (answered(), agent(), agent(), date());
    judged(pacs004::MESSAGE, &needed, &strategy, |((made, message_id, created, reasons), from, to, date)| {
        let (count, control_sum) = (made.header.count, made.amounts().collect());
        let (original, date) = (original(made), *date);
        let head = pacs004::Head { message_id, created, count, control_sum, date, from, to, original };
        let mut writer = pacs004::Writer::new(Vec::new(), &head).unwrap();
        let focr = Reason::from(ReasonCode::FOCR);
        for item in made.blocks.iter().flat_map(|(_, items)| items) {
            let (id, transaction_id) = (&item.end_to_end_id, item.instruction_id.as_ref());
            let (instruction_id, end_to_end_id) = (item.instruction_id.as_ref(), &item.end_to_end_id);
            let (paid, returned, reason) = (item.amount, item.amount, reasons.first().unwrap_or(&focr));
            let returned = pacs004::Return { id, instruction_id, end_to_end_id, transaction_id, paid, returned, reason };
            writer.item(&returned).unwrap();
        }
        writer.finish().unwrap()
    });
}
