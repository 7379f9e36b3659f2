//! Scenarios played against somebody who says what the test tells him to say.

use std::collections::VecDeque;
use std::path::Path;

use model::{Message, Mti, ResponseCode, Text};
use wire::{Cut, Dialect, Framing};

use super::*;
use crate::fake::answer_to;
use crate::replay::{
    AccountLook, AccountSpec, BatchLook, FaultSpec, ItemLook, Party, PayrollCame, PayrollOrder, PayrollSpec, PositionLook,
    StatusLook, TallyLook, TerminalSpec,
};

type Says = dyn Fn(&Message<'_>, usize) -> Vec<(u64, Message<'static>)>;

/// A switch in a test's hand: answers each request with what `says` gives, so many seconds later.
struct Fake {
    now: Timestamp,
    says: Box<Says>,
    dialect: Arc<Dialect>,
    coming: VecDeque<Seen>,
    /// Every frame that was sent.
    frames: Vec<Vec<u8>>,
    opened: usize,
    owed: u64,
    cannot: Option<VenueError>,
    /// Every order about a payroll.
    payrolls: Vec<PayrollSpec>,
    /// How the batch stands that every document becomes.
    batch: Option<BatchLook>,
}

impl Fake {
    fn says(says: impl Fn(&Message<'_>, usize) -> Vec<(u64, Message<'static>)> + 'static) -> Self {
        Self {
            now: Timestamp::from_micros(1_672_192_800_000_000),
            says: Box::new(says),
            dialect: Dialect::builtin("iso87-ascii").unwrap(),
            coming: VecDeque::new(),
            frames: Vec::new(),
            opened: 0,
            owed: 0,
            cannot: None,
            payrolls: Vec::new(),
            batch: None,
        }
    }

    /// Everything is approved at once.
    fn approves() -> Self {
        Self::says(|asked, _| vec![(0, answer_to(asked, ResponseCode::APPROVED))])
    }

    fn silent() -> Self {
        Self::says(|_, _| Vec::new())
    }

    fn comes(&mut self, after: u64, from: Party, to: Party, body: &[u8]) {
        let at = self.now + Duration::from_secs(after);
        let seen = Seen { at, from, to, dialect: self.dialect.clone(), body: body.to_vec(), fault: None, arrived: true };
        let place = self.coming.iter().position(|it| it.at > at).unwrap_or(self.coming.len());
        self.coming.insert(place, seen);
    }
}

impl Venue for Fake {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn open(&mut self, _: &TerminalSpec) -> Result<Speech, VenueError> {
        if let Some(error @ VenueError::NoConnection(_)) = &self.cannot {
            return Err(error.clone());
        }
        self.opened += 1;
        let offset = model::UtcOffset::from_minutes(420).unwrap();
        Ok(Speech { dialect: self.dialect.clone(), framing: Framing::TWO_BYTE, offset })
    }

    fn send(&mut self, terminal: &str, frame: &[u8]) -> Result<(), VenueError> {
        self.frames.push(frame.to_vec());
        let Cut::Frame { body, .. } = Framing::TWO_BYTE.cut(frame, 4096).unwrap() else { panic!("no frame") };
        let terminal = Party::Terminal(terminal.to_owned());
        self.comes(0, terminal.clone(), Party::Switch, &frame[body.clone()]);
        let Ok(asked) = wire::read(&self.dialect, &frame[body]) else { return Ok(()) };
        for (after, answer) in (self.says)(&asked, self.frames.len()) {
            let mut bytes = bytes::BytesMut::new();
            wire::write(&self.dialect, &answer, self.now, &mut bytes).unwrap();
            self.comes(after, Party::Switch, terminal.clone(), &bytes);
        }
        Ok(())
    }

    fn next(&mut self, until: Timestamp) -> Result<Option<Seen>, VenueError> {
        let due = self.coming.front().is_some_and(|it| it.at <= until);
        let seen = if due { self.coming.pop_front() } else { None };
        self.now = self.now.max(seen.as_ref().map_or(until, |it| it.at));
        Ok(seen)
    }

    fn is_at_rest(&mut self) -> Result<bool, VenueError> {
        Ok(self.coming.is_empty())
    }

    fn next_cutover(&mut self) -> Result<Timestamp, VenueError> {
        Ok(self.now + Duration::from_secs(3600))
    }

    fn order(&mut self, order: &OrderSpec) -> Result<Ordered, VenueError> {
        let refused = order.reason.is_empty() && matches!(order.what, Order::Block(..));
        Ok(if refused { Ordered::Refused("this order needs a reason".into()) } else { Ordered::Done })
    }

    fn payroll(&mut self, order: &PayrollSpec) -> Result<PayrollCame, VenueError> {
        self.payrolls.push(order.clone());
        Ok(PayrollCame::Done(7))
    }

    fn batch(&mut self, batch: u32) -> Result<Option<BatchLook>, VenueError> {
        Ok(self.batch.clone().filter(|_| batch == 7))
    }

    fn item(&mut self, _: u32, _: u32) -> Result<Option<ItemLook>, VenueError> {
        Ok(None)
    }

    fn disturb(&mut self, _: &FaultSpec) -> Result<(), VenueError> {
        self.cannot.clone().map_or(Ok(()), Err)
    }

    fn account(&mut self, _: &str, _: &AccountSpec) -> Result<AccountLook, VenueError> {
        Ok(AccountLook { balance: 1000 - 100 * i64::try_from(self.frames.len()).unwrap(), held: 0 })
    }

    fn positions(&mut self) -> Result<Vec<PositionLook>, VenueError> {
        Ok(Vec::new())
    }

    fn status(&mut self) -> Result<StatusLook, VenueError> {
        self.owed = self.owed.saturating_sub(1);
        Ok(StatusLook { owed: self.owed, ..StatusLook::default() })
    }

    fn metric(&mut self, _: &str, _: &[(String, String)]) -> Result<Option<f64>, VenueError> {
        Ok(None)
    }
}

fn played(venue: &mut Fake, steps: &str) -> Outcome {
    let cast = Cast::builtin();
    let scenario = Scenario::parse(Path::new("a.toml"), &format!("title = \"t\"\n{steps}"), &cast).unwrap();
    play(&scenario, &cast, venue)
}

fn failure(outcome: &Outcome) -> &Failure {
    match &outcome.verdict {
        Verdict::Failed(failure) => failure,
        verdict => panic!("{verdict:?}"),
    }
}

const CASH: &str = "[[step]]\nsend = \"withdrawal\"\nas = \"cash\"\ncard = \"dara\"\namount = \"500.00 KHR\"\n";

fn cash_then(steps: &str) -> String {
    format!("{CASH}{steps}")
}

#[test]
fn what_is_expected_and_comes_passes_and_is_known_to_later_steps() {
    let mut venue = Fake::approves();
    let steps = cash_then(
        "[[step]]\nexpect = \"0210\"\nas = \"paid\"\ncode = \"00\"\nrrn = { echo = true }\npan = \"dara\"\n\
         available = { absent = true }\ncapture = { auth = \"authorization\" }\n\
         [[step]]\nsend = \"purchase\"\nmerchant = \"{{auth}}-{{paid.code}}\"\nlocation = \"{{cash.stan}}\"\n\
         [[step]]\nexpect = \"answer\"\nterminal = \"SHOP0001\"\n",
    );
    let outcome = played(&mut venue, &steps);
    assert!(matches!(outcome.verdict, Verdict::Passed), "{:?}", outcome.verdict);
    let Cut::Frame { body, .. } = Framing::TWO_BYTE.cut(&venue.frames[1], 4096).unwrap() else { panic!() };
    let sent = wire::read(&venue.dialect, &venue.frames[1][body]).unwrap();
    assert_eq!(sent.merchant.unwrap().trimmed(), b"A1B2C3-00");
    let titles: Vec<_> = outcome.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(titles, ["send withdrawal (cash)", "expect 0210 of cash", "send purchase", "expect an answer of line 15"]);
    assert_eq!(outcome.parties, ["atm", "shop", "switch"]);
    let lines: Vec<_> = outcome.passed.iter().map(|it| (it.mti.as_str(), it.label.as_str(), it.line)).collect();
    assert_eq!(lines[..2], [("0200", "withdrawal 500.00 KHR", Some(2)), ("0210", "00 approved", Some(7))]);
}

#[test]
fn a_wrong_answer_fails_with_every_field_those_that_differ_first() {
    let mut venue = Fake::says(|asked, _| vec![(0, answer_to(asked, ResponseCode::NOT_SUFFICIENT_FUNDS))]);
    let outcome = played(&mut venue, &cash_then("[[step]]\nexpect = \"0210\"\nrrn = { echo = true }\ncode = \"00\"\n"));
    let failed = failure(&outcome);
    assert_eq!((failed.line, failed.step.as_str()), (7, "expect 0210 of cash"));
    let fields: Vec<_> = failed.fields.iter().map(|it| (it.field.as_str(), it.line, it.agrees)).collect();
    assert_eq!(fields, [("code", 10, false), ("rrn", 9, true)]);
    assert_eq!(failed.fields[0].expected, "00 (approved)");
    assert_eq!(failed.fields[0].actual.as_deref(), Some("51 (not sufficient funds)"));
    assert_eq!(outcome.steps.iter().map(|step| step.passed).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn where_nothing_fits_the_nearest_miss_is_told() {
    let expects = cash_then("[[step]]\nexpect = \"0210\"\nwithin = \"5s\"\n");
    let other_type = |asked: &Message<'_>, _| {
        let answer = answer_to(asked, ResponseCode::APPROVED);
        vec![(1, Message { mti: Mti::FINANCIAL_ADVICE_RESPONSE, ..answer })]
    };
    let outcome = played(&mut Fake::says(other_type), &expects);
    assert_eq!(failure(&outcome).problem, "nothing came that is expected within 5s");
    assert!(failure(&outcome).nearest.as_ref().unwrap().ends_with("of another type"), "{:?}", failure(&outcome).nearest);
    assert_eq!(outcome.lasted, Duration::from_secs(5));

    let stranger = |asked: &Message<'_>, _| {
        let answer = answer_to(asked, ResponseCode::APPROVED);
        vec![(1, Message { rrn: Text::new(b"SOMEBODYELSE"), ..answer })]
    };
    let outcome = played(&mut Fake::says(stranger), &expects);
    let nearest = failure(&outcome).nearest.clone().unwrap();
    assert!(nearest.contains("its rrn is SOMEBODYELSE, not "), "{nearest}");

    let too_late = |asked: &Message<'_>, _| vec![(6, answer_to(asked, ResponseCode::APPROVED))];
    assert_eq!(failure(&played(&mut Fake::says(too_late), &expects)).nearest, None);
}

#[test]
fn nothing_is_expected_only_where_nothing_comes() {
    let expects = cash_then("[[step]]\nexpect = \"nothing\"\nwithin = \"30s\"\n");
    let outcome = played(&mut Fake::silent(), &expects);
    assert!(matches!(outcome.verdict, Verdict::Passed) && outcome.lasted == Duration::from_secs(30));
    let late = |asked: &Message<'_>, _| vec![(29, answer_to(asked, ResponseCode::APPROVED))];
    let outcome = played(&mut Fake::says(late), &expects);
    assert_eq!(failure(&outcome).problem, "a message came although none is expected");

    let twice = |asked: &Message<'_>, _| vec![(0, answer_to(asked, ResponseCode::APPROVED)); 2];
    let steps = cash_then("[[step]]\nexpect = \"0210\"\n[[step]]\nexpect = \"nothing\"\n");
    assert_eq!(failure(&played(&mut Fake::says(twice), &steps)).line, 9);
}

#[test]
fn an_answer_counts_once_and_for_the_request_that_it_names() {
    // The second is answered first.
    let crossed =
        |asked: &Message<'_>, place: usize| vec![(if place == 1 { 2 } else { 1 }, answer_to(asked, ResponseCode::APPROVED))];
    let steps = cash_then(
        "[[step]]\nsend = \"balance\"\nas = \"rest\"\n[[step]]\nexpect = \"0210\"\nof = \"cash\"\namount = \"500.00 KHR\"\n\
         [[step]]\nexpect = \"0210\"\nof = \"rest\"\namount = { absent = true }\n",
    );
    let outcome = played(&mut Fake::says(crossed), &steps);
    assert!(matches!(outcome.verdict, Verdict::Passed), "{:?}", outcome.verdict);
    let steps = cash_then("[[step]]\nexpect = \"0210\"\n[[step]]\nexpect = \"0210\"\nof = \"cash\"\n");
    assert_eq!(failure(&played(&mut Fake::approves(), &steps)).line, 9);
}

#[test]
fn what_a_bank_is_sent_can_be_expected_there() {
    let mut venue = Fake::silent();
    let told = Message { network: Some(model::NetworkCode::Cutover), ..Message::new(Mti::NETWORK_REQUEST) };
    let mut bytes = bytes::BytesMut::new();
    wire::write(&venue.dialect, &told, venue.now, &mut bytes).unwrap();
    venue.comes(3, Party::Switch, Party::Bank("acleda".into()), &bytes);
    let outcome = played(&mut venue, "[[step]]\nexpect = \"0800\"\nat = \"acleda\"\nnetwork = 201\n");
    assert!(matches!(outcome.verdict, Verdict::Passed), "{:?}", outcome.verdict);
    assert_eq!((outcome.passed[0].label.as_str(), outcome.parties.join(" ")), ("cutover", "switch acleda".to_owned()));
}

#[test]
fn the_same_seed_sends_the_same_bytes_and_another_seed_others() {
    let bytes = |seed: u64| {
        let mut venue = Fake::approves();
        let head = format!(
            "seed = {seed}\n{}",
            cash_then("[[step]]\nsend = \"reversal\"\n[[step]]\nsend = \"repeat\"\nof = \"cash\"\n")
        );
        played(&mut venue, &head);
        venue.frames
    };
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8));
}

#[test]
fn a_terminal_of_two_names_never_gives_a_number_twice() {
    let terminals = "[terminal.one]\nid = \"ATM00001\"\n[terminal.other]\nid = \"ATM00001\"\n";
    let sends = |from: &str| format!("[[step]]\nsend = \"echo\"\nas = \"{from}\"\nfrom = \"{from}\"\n");
    let differ = "[[step]]\nexpect = \"0810\"\nof = \"other\"\nstan = \"{{one.stan}}\"\n";
    let outcome = played(&mut Fake::approves(), &format!("{terminals}{}{}{differ}", sends("one"), sends("other")));
    let field = &failure(&outcome).fields[0];
    let number = |text: &str| text.parse::<u32>().unwrap();
    assert_eq!(number(field.actual.as_deref().unwrap()), number(&field.expected) + 1);
}

#[test]
fn a_reversal_names_what_it_undoes_and_a_repeat_is_the_same_but_for_its_type() {
    let mut venue = Fake::approves();
    let steps = cash_then(
        "pin_block = \"0102030405060708\"\n[[step]]\nsend = \"repeat\"\n[[step]]\nsend = \"reversal-advice\"\nof = \"cash\"\n\
         replacement = \"100.00 KHR\"\n",
    );
    played(&mut venue, &steps);
    let read = |place: usize| {
        let Cut::Frame { body, .. } = Framing::TWO_BYTE.cut(&venue.frames[place], 4096).unwrap() else { panic!() };
        wire::read(&venue.dialect, &venue.frames[place][body]).unwrap()
    };
    let (cash, repeat, reversal) = (read(0), read(1), read(2));
    assert_eq!(Message { mti: cash.mti, ..repeat }, cash);
    assert_eq!((repeat.mti, reversal.mti), (Mti::FINANCIAL_REPEAT, Mti::REVERSAL_ADVICE));
    assert_eq!((reversal.original.unwrap().stan, reversal.replacement), (cash.stan.unwrap(), Some(10_000)));
    assert!(cash.pin_block.is_some() && reversal.pin_block.is_none());
}

#[test]
fn what_cannot_be_played_is_skipped_and_what_makes_no_sense_there_is_a_bad_file() {
    let fault = "[[step]]\nfault = \"drop\"\non = \"acleda\"\n";
    let mut venue = Fake::approves();
    venue.cannot = Some(VenueError::Cannot("no faults here".into()));
    assert!(matches!(played(&mut venue, fault).verdict, Verdict::Skipped(why) if why == "line 2: no faults here"));
    venue.cannot = Some(VenueError::Wrong("there is no bank acleda".into()));
    let Verdict::Bad(told) = played(&mut venue, fault).verdict else { panic!() };
    assert_eq!(told, "a.toml:3:9: there is no bank acleda\n  |\n3 | fault = \"drop\"\n  |         ^^^^^^");
    venue.cannot = Some(VenueError::NoConnection("nobody listens".into()));
    assert!(matches!(played(&mut venue, CASH).verdict, Verdict::NoConnection(why) if why == "nobody listens"));
}

#[test]
fn an_order_is_carried_out_or_refused_as_the_scenario_says() {
    let block = |rest: &str| format!("[[step]]\ncommand = \"block\"\ncard = \"dara\"\n{rest}");
    let verdict = |rest: &str| played(&mut Fake::approves(), &block(rest)).verdict;
    assert!(matches!(verdict("reason = \"found\""), Verdict::Passed));
    assert!(matches!(verdict("refused = { regex = \"needs a reason\" }"), Verdict::Passed));
    for wrong in ["", "reason = \"found\"\nrefused = { regex = \"reason\" }", "refused = \"no\""] {
        assert!(matches!(verdict(wrong), Verdict::Failed(_)), "{wrong}");
    }
}

#[test]
fn what_is_asserted_holds_now_or_within_its_time() {
    let ledger = |change: &str| {
        cash_then(&format!("[[step]]\nassert = \"ledger\"\ncard = \"dara\"\ncurrency = \"KHR\"\nchange = \"{change}\"\n"))
    };
    assert!(matches!(played(&mut Fake::approves(), &ledger("-1.00 KHR")).verdict, Verdict::Passed));
    let outcome = played(&mut Fake::approves(), &ledger("-2.00 KHR"));
    assert_eq!(failure(&outcome).fields[0].actual.as_deref(), Some("-1.00 KHR"));

    let mut owing = Fake { owed: 10, ..Fake::approves() };
    let outcome = played(&mut owing, "[[step]]\nassert = \"owed\"\ncount = 0\neventually = \"60s\"\n");
    assert!(matches!(outcome.verdict, Verdict::Passed) && outcome.lasted == Duration::from_secs(9), "{outcome:?}");
    let mut owing = Fake { owed: 10, ..Fake::approves() };
    let outcome = played(&mut owing, "[[step]]\nassert = \"owed\"\ncount = 0\n");
    assert_eq!(failure(&outcome).fields[0].actual.as_deref(), Some("9"));
}

#[test]
fn the_clock_goes_on_and_never_back() {
    let lasted = |clock: &str| played(&mut Fake::approves(), &format!("[[step]]\nclock = \"{clock}\"\n"));
    assert_eq!(lasted("+25s").lasted, Duration::from_secs(25));
    assert_eq!(lasted("2022-12-28T10:00:00").lasted, Duration::from_secs(3600));
    assert_eq!(lasted("cutover").lasted, Duration::from_secs(3601));
    assert!(failure(&lasted("2022-12-28T01:00:00")).problem.contains("does not go back"));
}

#[test]
fn a_terminal_whose_connection_has_gone_connects_again() {
    let mut venue = Fake::silent();
    let steps = cash_then("[[step]]\nexpect = \"0210\"\nwithin = \"2s\"\n");
    venue.comes(1, Party::Switch, Party::Terminal("atm".into()), &[]);
    assert_eq!(failure(&played(&mut venue, &steps)).nearest.as_deref(), Some("the connection was closed"));
    let mut venue = Fake::silent();
    venue.comes(1, Party::Switch, Party::Terminal("atm".into()), &[]);
    played(&mut venue, &cash_then("[[step]]\nclock = \"+2s\"\n[[step]]\nsend = \"echo\"\n"));
    assert_eq!(venue.opened, 2);
}

#[test]
fn nothing_in_an_outcome_shows_a_whole_card_number() {
    let wrong = |asked: &Message<'_>, _| vec![(0, answer_to(asked, ResponseCode::DO_NOT_HONOUR))];
    let steps = cash_then("track2 = \"393131\"\n[[step]]\nexpect = \"0210\"\npan = \"sophea\"\n");
    let outcome = played(&mut Fake::says(wrong), &steps);
    let shown = format!("{outcome:?}");
    assert!(shown.contains("911601******0019") && failure(&outcome).fields[0].actual.as_deref() == Some("dara"), "{shown}");
    assert!(!shown.contains("9116010000000019"));
}

#[test]
fn nor_does_what_stands_in_a_free_text() {
    let number = Cast::builtin().card("dara").unwrap().pan.number().to_string();
    let (half, other) = number.split_at(8);
    // The fields hold the number whole, in groups, and within longer digits; the file, in halves.
    let said = |asked: &Message<'_>, _| {
        let mut message = answer_to(asked, ResponseCode::APPROVED);
        message.location = asked.location.as_ref().map(|_| model::Content::ascii(b"9116 0100 0000 0019"));
        message.from_account = Text::new(b"0000911601000000001900000000");
        message.remark = Text::new(b"9116-0100-0000-0019");
        vec![(0, message)]
    };
    let steps = format!(
        "[vars]\nhalf = \"{half}\"\nother = \"{other}\"\n\
         {CASH}location = \"{{{{half}}}}{{{{other}}}}\"\nprivate60 = \"{{{{half}}}}-{{{{other}}}}\"\n\
         [[step]]\nexpect = \"0210\"\nlocation = \"{{{{half}}}}{{{{other}}}}\"\nfrom_account = \"x\"\nremark = \"y\"\n"
    );
    let outcome = played(&mut Fake::says(said), &steps);
    assert_eq!(failure(&outcome).fields.iter().filter(|field| !field.agrees).count(), 3);
    let shown = format!("{outcome:?}");
    assert!(!model::shows_card_number(&shown) && shown.contains("911601******0019"), "{shown}");
    assert!(!shown.contains(&number), "{shown}");
}

const SUBMITTED: &str = "[[step]]\npayroll = \"submit\"\nitems = [{ person = \"dara\", amount = \"10.00 KHR\" }]\n";

#[test]
fn a_document_is_made_of_items_and_orders_go_to_the_batch_that_became_of_it() {
    let mut venue = Fake::approves();
    let steps = format!("{SUBMITTED}[[step]]\npayroll = \"approve\"\n[[step]]\npayroll = \"settle\"\nitem = 3\npaid = true\n");
    let outcome = played(&mut venue, &steps);
    assert!(matches!(outcome.verdict, Verdict::Passed), "{:?}", outcome.verdict);
    let [submitted, approved, settled] = &venue.payrolls[..] else { panic!("{:?}", venue.payrolls) };
    let PayrollOrder::Submit { document, csv: false } = &submitted.what else { panic!("{submitted:?}") };
    let document = String::from_utf8(document.clone()).unwrap();
    let said = ["<Id>000000018</Id>", "<Id>001000001116</Id>", "<MmbId>116001</MmbId>", "Ccy=\"KHR\">10.00<", "<Cd>SALA</Cd>"];
    assert!(said.iter().all(|it| document.contains(it)), "{document}");
    assert!(document.contains("<Dt>2022-12-28</Dt>"), "it is paid on the day it is submitted");
    assert_eq!((&approved.what, approved.operator.as_str()), (&PayrollOrder::Approve(7), "director"));
    assert_eq!(settled.what, PayrollOrder::Settle(7, 3, true));
    let titles: Vec<_> = outcome.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(titles, ["payroll submit", "payroll approve of line 2", "payroll settle of line 2, item 3"]);
}

#[test]
fn a_batch_whose_parts_are_not_the_whole_fails_whatever_is_asked_of_it() {
    let tally = |amount| TallyLook { count: 1, amount };
    let sound = BatchLook {
        state: "done".to_owned(),
        code: None,
        currency: model::Currency::KHR,
        whole: tally(1000),
        paid: tally(1000),
        returned: TallyLook::default(),
        rejected: TallyLook::default(),
        pending: TallyLook::default(),
        credited_back: 0,
    };
    let steps = format!("{SUBMITTED}[[step]]\nassert = \"batch\"\nstate = \"done\"\n");
    let mut venue = Fake { batch: Some(sound.clone()), ..Fake::approves() };
    assert!(matches!(played(&mut venue, &steps).verdict, Verdict::Passed));
    let mut venue = Fake { batch: Some(BatchLook { paid: tally(999), ..sound }), ..Fake::approves() };
    let outcome = played(&mut venue, &steps);
    assert!(failure(&outcome).problem.contains("is 9.99 KHR, and the payroll is of 10.00 KHR"), "{:?}", outcome.verdict);
}

#[test]
fn what_is_to_be_refused_and_is_carried_out_fails() {
    for wanted in ["refused = { present = true }", "code = \"AM05\"", "line = 3", "faults = 1"] {
        let outcome = played(&mut Fake::approves(), &format!("{SUBMITTED}{wanted}\n"));
        assert_eq!(failure(&outcome).problem, "it was carried out", "{wanted}");
    }
}
