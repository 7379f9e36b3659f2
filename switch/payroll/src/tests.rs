//! The office beside an engine: what is taken, what is refused with its place, and what is left when something breaks.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use engine::{
    About, BankId, BankRules, BatchId, BatchState, Engine, Input, ItemState, Out, PayrollDisallowed, PayrollOrder, Peer, Record,
    Rules, State,
};
use model::{Currency, InstitutionId, Kind, Message, Text, Timestamp, UtcOffset};

use crate::{
    AccountStatus, Bics, By, Checked, Error, FileRegistry, Hand, Keys, Meter, Office, Payee, Payer, Registry, Status, Submitted,
};

/// 2022-12-28 at nine in Phnom Penh.
const NOW: &str = "2022-12-28T09:00:00+07:00";
const SOVANN: By<'static> = By { operator: "sovann", reason: "" };
const HEAD: &str = "record,id,party,name,bank,account,currency,amount,purpose,date,created,count,reference,text\n";
const DARA: &str = "item,E1,100000017,Sok Dara,116001,001000001116,,1500.00,SALA,,,,,";
const BOPHA: &str = "item,E2,100000025,Chan Bopha,116002,002000002116,,2000.00,SALA,,,,,";

fn currency(code: &str) -> Currency {
    Currency::from_alpha(code).unwrap()
}

fn bank(id: u32, name: &str, kinds: Vec<Kind>) -> BankRules {
    let currencies = vec![currency("KHR"), currency("USD")];
    BankRules { id: BankId(id), name: name.into(), kinds, currencies, in_flight_max: 100, ..BankRules::default() }
}

fn rules() -> Rules {
    let all = || Kind::ALL.to_vec();
    let banks = vec![
        bank(116_001, "acleda", all()),
        bank(116_002, "canadia", all()),
        bank(116_003, "wing", all()),
        bank(116_701, "smart", vec![Kind::TopUp]),
    ];
    Rules { offset: UtcOffset::parse("+07:00").unwrap(), banks, ..Rules::default() }
}

struct Nowhere;

impl Out for Nowhere {
    fn append(&mut self, _: &State, _: &Record<'_>) {}
    fn send(&mut self, _: Peer, _: &Message<'_>, _: About) {}
}

/// An engine without a switch around it. Its banks never answer.
struct Beside {
    engine: Engine,
    orders: usize,
}

impl Beside {
    fn new() -> Self {
        let mut engine = Engine::new(rules(), State::default(), 7);
        engine.handle(Timestamp::parse(NOW).unwrap(), Input::Recovered, &mut Nowhere);
        Self { engine, orders: 0 }
    }

    fn state(&self, batch: BatchId) -> Option<BatchState> {
        self.engine.state().batch_state(batch)
    }
}

impl Hand for Beside {
    fn look<T: Send + 'static>(&mut self, look: impl FnOnce(&State, &Rules) -> T + Send + 'static) -> Result<T, Error> {
        Ok(look(self.engine.state(), self.engine.rules()))
    }

    fn order(&mut self, by: By<'_>, order: PayrollOrder) -> Result<BatchId, Error> {
        self.orders += 1;
        Ok(self.engine.payroll(Timestamp::parse(NOW).unwrap(), by.operator, by.reason, &order, &mut Nowhere)?)
    }
}

fn office() -> Office {
    let account = |code: &str, number: &[u8]| (currency(code), Text::new(number).unwrap());
    let mef = Payer {
        id: "MEF".into(),
        institution: InstitutionId::from_parts(116_900, 6).unwrap(),
        bank: BankId(116_001),
        accounts: vec![account("KHR", b"001900000116"), account("USD", b"001900000840")],
    };
    Office::new(Keys::new([3; 32]), vec![mef])
}

/// The registry that lies with the fixtures.
fn registry() -> FileRegistry {
    FileRegistry::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/payroll/registry.csv"))
}

/// Everybody is in it, active and at acleda, on the account that is told here or one made of their number.
#[derive(Default)]
struct Everybody(BTreeMap<&'static str, &'static [u8]>);

impl Registry for Everybody {
    fn payee(&self, employee: &str) -> Result<Option<Payee>, Error> {
        let made = format!("001{employee}");
        let account = self.0.get(employee).copied().unwrap_or(made.as_bytes());
        Ok(Some(Payee {
            status: Status::Active,
            bank: "acleda".into(),
            account_khr: Text::new(account),
            account_usd: None,
            account_status: AccountStatus::Open,
        }))
    }
}

/// A CSV of these items whose totals are right.
fn named(message: &str, items: &[&str]) -> String {
    of(&format!("{message},MEF,Ministry,116001,001900000116,KHR"), "2022-12-30", items)
}

/// Likewise, with other words in its batch record.
fn of(batch: &str, date: &str, items: &[&str]) -> String {
    let amount = |item: &&str| item.split(',').nth(7).unwrap().replace('.', "").parse::<u64>().unwrap();
    let total: u64 = items.iter().map(amount).sum();
    let (count, total) = (items.len(), format!("{}.{:02}", total / 100, total % 100));
    let lines: String = items.iter().map(|item| format!("{item}\n")).collect();
    let created = "2022-12-27T16:30:00+07:00";
    format!("{HEAD}batch,{batch},{total},SALA,{date},{created},{count},,\n{lines}total,,,,,,,{total},,,,{count},,\n")
}

fn check_with(registry: &impl Registry, document: &str, hand: &mut Beside) -> Checked {
    office().check(document.as_bytes(), registry, hand, &Meter::default()).unwrap()
}

fn check(document: &str, hand: &mut Beside) -> Checked {
    check_with(&registry(), document, hand)
}

fn submit(document: &str, hand: &mut Beside) -> Result<Submitted, Error> {
    let read = || Ok(document.as_bytes());
    office().submit(read, &registry(), hand, SOVANN, &Meter::default(), |_| Ok(()))
}

/// Line, field and code of each fault.
fn told(checked: &Checked) -> Vec<(u64, String, String)> {
    let faults = checked.faults.listed().iter();
    faults.map(|it| (it.line, it.field.clone(), it.problem.code().to_string())).collect()
}

fn at(line: u64, field: &str, code: &str) -> (u64, String, String) {
    (line, field.to_owned(), code.to_owned())
}

#[test]
fn a_sound_document_becomes_a_batch_that_waits_for_approval() {
    let mut hand = Beside::new();
    let document = named("M1", &[DARA, BOPHA]);
    let checked = check(&document, &mut hand);
    assert_eq!(told(&checked), []);
    assert_eq!(hand.orders, 0, "a check orders nothing");
    let header = checked.header.unwrap();
    assert_eq!((header.count, header.total, header.period.to_string()), (2, 350_000, "2022-12/2".to_owned()));
    let batch = submit(&document, &mut hand).unwrap().batch.unwrap();
    assert_eq!(hand.state(batch), Some(BatchState::Submitted));
    let items: Vec<_> = hand.engine.state().items(batch).map(|it| (it.item.bank.0, it.item.amount, it.state)).collect();
    assert_eq!(items, [(116_001, 150_000, ItemState::Waiting), (116_002, 200_000, ItemState::Waiting)]);
}

#[test]
fn what_is_wrong_with_one_payment_is_told_with_its_line_field_and_code() {
    let item = |who: &str, bank: &str, account: &str| format!("item,E9,{who},Name,{bank},{account},,10.00,SALA,,,,,");
    for (wrong, field, code) in [
        (item("100000108", "116001", "001000001116"), "party", "BE06"),
        (item("nobody", "116001", "001000001116"), "party", "BE06"),
        (item("100000058", "116001", "001000002116"), "party", "BE06"),
        (item("100000066", "116002", "002000001116"), "party", "MD07"),
        (item("100000041", "116003", "003000001117"), "account", "AC01"),
        (item("100000041", "116002", "003000001116"), "bank", "AC01"),
        (item("100000082", "116003", "003000002116"), "account", "AC04"),
        (item("100000090", "116002", "002000003116"), "account", "AC06"),
        (item("100000041", "116009", "003000001116"), "bank", "RC01"),
        (item("100000041", "smart", "003000001116"), "bank", "RC01"),
        (DARA.replace("E1", "E9"), "party", "AM05"),
    ] {
        let checked = check(&named("M1", &[DARA, &wrong]), &mut Beside::new());
        assert!(told(&checked).contains(&at(4, field, code)), "{wrong}: {:?}", told(&checked));
        assert!(checked.header.is_none(), "{wrong}");
        let said = checked.faults.listed().iter().map(ToString::to_string).collect::<String>();
        assert!(!said.contains("00100000") && !said.contains("1000000"), "an account or a number is repeated: {said}");
    }
}

#[test]
fn what_is_wrong_with_the_whole_is_told_with_its_line_field_and_code() {
    let usd = "item,E9,100000082,Name,116003,003000002116,,10.00,SALA,,,,,";
    for (document, expected) in [
        (of("M1,MOH,Ministry,116001,001900000116,KHR", "2022-12-30", &[DARA]), at(2, "party", "BE06")),
        (of("M1,MEF,Ministry,116001,001900000117,KHR", "2022-12-30", &[DARA]), at(2, "account", "AC01")),
        (of("M1,MEF,Ministry,116002,001900000116,KHR", "2022-12-30", &[DARA]), at(2, "bank", "RC01")),
        (of("M1,MEF,Ministry,116001,001900000116,KHR", "2022-10-31", &[DARA]), at(2, "date", "DT01")),
        (of("M1,MEF,Ministry,116001,001900000116,KHR", "2023-02-01", &[DARA]), at(2, "date", "DT01")),
        (of("M1,MEF,Ministry,116001,001900000116,USD", "2022-12-30", &[DARA]), at(2, "account", "AC01")),
        (of("M1,MEF,Ministry,116001,001900000840,USD", "2022-12-30", &[usd]), at(3, "account", "AC01")),
        (named(&"ក".repeat(35), &[DARA]), at(1, "id", "FF01")),
        (named("M1", &[DARA]).replace(",1,,\n", ",2,,\n"), at(4, "count", "AM18")),
        ("<Document/>".to_owned(), at(1, "Document", "FF01")),
        (String::new(), at(1, "Document", "FF01")),
    ] {
        let checked = check(&document, &mut Beside::new());
        assert!(told(&checked).contains(&expected), "{expected:?}: {:?}", told(&checked));
        assert!(checked.header.is_none());
    }
    // More than one message to the payer's bank carries: it is funded in parts.
    let large = named("M1", &[&DARA.replace("1500.00", "9999999999.99"), BOPHA]);
    assert_eq!(told(&check(&large, &mut Beside::new())), []);
    // The last half-month that is remembered, and the last that is taken.
    for date in ["2022-11-01", "2023-01-31"] {
        let document = of("M1,MEF,Ministry,116001,001900000116,KHR", date, &[DARA]);
        assert_eq!(told(&check(&document, &mut Beside::new())), [], "{date}");
    }
}

#[test]
fn one_account_of_several_people_is_told_with_both_lines() {
    let shared = Everybody(BTreeMap::from([("100000025", &b"001100000017"[..])]));
    let item = |id: &str, who: &str, purpose: &str| format!("item,{id},{who},Name,116001,001100000017,,10.00,{purpose},,,,,");
    let (salary, bonus, other) =
        (item("E1", "100000017", "SALA"), item("E2", "100000017", "BONU"), item("E3", "100000025", "SALA"));
    let two_elements = check_with(&shared, &named("M1", &[&salary, &bonus]), &mut Beside::new());
    assert_eq!(told(&two_elements), [], "one person may be paid two elements on one account");
    let checked = check_with(&shared, &named("M1", &[&salary, &bonus, &other]), &mut Beside::new());
    assert_eq!(told(&checked), [at(5, "account", "AM05")]);
    assert!(checked.faults.listed()[0].to_string().contains("line 3"));
}

#[test]
fn the_same_document_and_the_same_people_again_are_refused() {
    let mut hand = Beside::new();
    let first = named("M1", &[DARA, BOPHA]);
    let batch = submit(&first, &mut hand).unwrap().batch.unwrap();
    let again = submit(&first, &mut hand).unwrap();
    assert_eq!((told(&again.checked)[0].clone(), again.batch), (at(2, "id", "AM05"), None));
    let renamed = check(&first.replace("M1", "M2"), &mut hand);
    assert_eq!(told(&renamed), [at(3, "party", "AM05"), at(4, "party", "AM05")], "another name, the same people");
    let reissued = named("M3", &[&BOPHA.replace("E2", "X-77"), &DARA.replace("SALA", "BONU")]);
    let checked = check(&reissued, &mut hand);
    assert_eq!(told(&checked), [at(3, "party", "AM05")], "another element of pay is another salary");
    assert!(checked.faults.listed()[0].to_string().contains("item 1/2, which is waiting"), "{:?}", checked.faults);
    let by = By { operator: "sovann", reason: "wrong month" };
    hand.order(by, PayrollOrder::Cancel(batch)).unwrap();
    assert_eq!(told(&check(&reissued, &mut hand)), [], "what was never sent stands in nobody's way");
}

#[test]
fn blocks_of_one_document_agree_or_it_is_refused() {
    let text = include_str!("../../../fixtures/payroll/good/pain.001.001.09.xml");
    let text = text.replace("<NbOfTxs>3</NbOfTxs>\n      <CtrlSum>1483333.39</CtrlSum>\n      <PmtTpInf>", "<PmtTpInf>");
    let from = text.find("    <PmtInf>").unwrap();
    let to = text.find("  </CstmrCdtTrfInitn>").unwrap();
    let head = text[..from].replace("<NbOfTxs>3<", "<NbOfTxs>6<").replace("1483333.39", "2966666.78");
    let block = &text[from..to];
    let second =
        block.replace("2022-12-30", "2022-12-29").replace("001900000116", "001900000117").replace("SALA</Cd>", "OTHR</Cd>");
    let second = second.replace("BONU</Cd>", "PENS</Cd>");
    let both = format!("{head}{block}{second}{}", &text[to..]);
    let line = 1 + both[..both.rfind("    <PmtInf>").unwrap()].matches('\n').count() as u64;
    let path = |rest: &str| format!("CstmrCdtTrfInitn/PmtInf/{rest}");
    let checked = check(&both, &mut Beside::new());
    assert_eq!(told(&checked), [at(line, &path("DbtrAcct/Id"), "AC01"), at(line, &path("ReqdExctnDt"), "DT01")]);
    let same = second.replace("2022-12-29", "2022-12-30").replace("001900000117", "001900000116");
    let checked = check(&format!("{head}{block}{same}{}", &text[to..]), &mut Beside::new());
    assert_eq!((told(&checked), checked.items), (vec![], 6), "blocks that agree are one batch");
}

#[test]
fn faults_beyond_a_thousand_are_counted() {
    let items: Vec<String> =
        (0..1_500).map(|number| format!("item,E{number},x{number},N,116001,00100{number:05},,1.00,,,,,,")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let checked = check(&named("M1", &items), &mut Beside::new());
    assert_eq!((checked.faults.listed().len(), checked.faults.total(), checked.items), (1_000, 1_500, 1_500));
}

#[test]
fn a_long_document_is_handed_over_a_thousand_at_a_time() {
    let item = |number: u32| format!("item,E{number},{number:09},N,116001,001{number:09},,1.00,,,,,,");
    let items: Vec<String> = (1..=2_500).map(item).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let document = named("M1", &items);
    let (mut hand, meter) = (Beside::new(), Meter::default());
    let read = || Ok(document.as_bytes());
    let done = office().submit(read, &Everybody::default(), &mut hand, SOVANN, &meter, |_| Ok(())).unwrap();
    assert_eq!(
        (hand.state(done.batch.unwrap()), hand.orders),
        (Some(BatchState::Submitted), 5),
        "open, three times items, complete"
    );
    assert_eq!(meter.handed_over.into_inner(), 2_500);
    let last = hand.engine.state().items(BatchId(1)).last().unwrap();
    assert_eq!((last.id.number, last.item.account.as_bytes()), (2_500, &b"001000002500"[..]));
}

#[test]
fn a_document_that_changes_between_its_two_passes_leaves_nothing() {
    let documents = [named("M1", &[DARA]), named("M1", &[&DARA.replace("Sok Dara", "Dara Sok")])];
    for second in [&documents[1], &documents[0].replace("total", "totam")] {
        let mut hand = Beside::new();
        let mut passes = [&documents[0], second].into_iter();
        let read = || Ok(Cursor::new(passes.next().unwrap().clone().into_bytes()));
        let done = office().submit(read, &registry(), &mut hand, SOVANN, &Meter::default(), |_| Ok(()));
        assert!(matches!(done, Err(Error::Changed)), "{done:?}");
        assert_eq!(hand.engine.state().batches().count(), 0);
        assert_eq!(told(&check(&documents[0], &mut hand)), [], "and so it can come again");
    }
}

#[test]
fn what_cannot_be_kept_or_looked_up_is_not_paid() {
    let mut hand = Beside::new();
    let document = named("M1", &[DARA]);
    let read = || Ok(document.as_bytes());
    let full = |_| Err(Error::Random);
    let done = office().submit(read, &registry(), &mut hand, SOVANN, &Meter::default(), full);
    assert!(matches!(done, Err(Error::Random)), "{done:?}");
    assert_eq!(hand.engine.state().batches().count(), 0);
    let away = FileRegistry::new("/nowhere/registry.csv");
    let done = office().submit(read, &away, &mut hand, SOVANN, &Meter::default(), |_| Ok(()));
    assert!(matches!(done, Err(Error::Registry { .. })), "nobody is unknown because a file is away: {done:?}");
    assert_eq!(hand.engine.state().batches().count(), 0);
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    let done = office().check(Broken, &registry(), &mut hand, &Meter::default());
    assert!(matches!(done, Err(Error::Document(_))), "{done:?}");
}

#[test]
fn the_engine_has_the_last_word() {
    // Two checks beside each other find nothing; the second to hand over hears of the first.
    struct Overtaken(Beside, bool);
    impl Hand for Overtaken {
        fn look<T: Send + 'static>(&mut self, look: impl FnOnce(&State, &Rules) -> T + Send + 'static) -> Result<T, Error> {
            self.0.look(look)
        }
        fn order(&mut self, by: By<'_>, order: PayrollOrder) -> Result<BatchId, Error> {
            if !std::mem::replace(&mut self.1, true) {
                submit(&named("M0", &[BOPHA, DARA]), &mut self.0).unwrap();
            }
            self.0.order(by, order)
        }
    }
    let mut hand = Overtaken(Beside::new(), false);
    let document = named("M1", &[DARA]);
    let done = office().submit(|| Ok(document.as_bytes()), &registry(), &mut hand, SOVANN, &Meter::default(), |_| Ok(()));
    assert!(matches!(done, Err(Error::Disallowed(PayrollDisallowed::Duplicate { .. }))), "{done:?}");
    assert_eq!(hand.0.engine.state().batches().map(|it| it.id().0).collect::<Vec<_>>(), [1], "the second is dropped");
}

#[test]
fn a_bank_is_named_by_its_bic_where_the_configuration_tells_it() {
    let sample = include_str!("../../../fixtures/payroll/good/payroll.csv");
    let mut bics = Bics::default();
    assert_eq!(bics.add("CADIKHPP", BankId(116_002)), Ok(true));
    assert_eq!(bics.add("CADIKHPPXXX", BankId(116_003)), Ok(false), "the same in full");
    assert!(bics.add("canadia", BankId(116_002)).is_err());
    let check = |office: &Office, document: &str| {
        office.check(document.as_bytes(), &registry(), &mut Beside::new(), &Meter::default()).unwrap()
    };
    let told = |checked: &Checked| checked.faults.listed().iter().map(ToString::to_string).collect::<String>();
    let knowing = office().with_bics(bics);
    for good in [
        include_str!("../../../fixtures/payroll/good/payroll-crlf-bom.csv"),
        include_str!("../../../fixtures/payroll/good/pain.001.001.03.xml"),
        include_str!("../../../fixtures/payroll/good/pain.001.001.09.xml"),
        include_str!("../../../fixtures/payroll/good/pain.001.001.11.xml"),
    ] {
        assert_eq!(told(&check(&knowing, good)), "");
    }
    for document in [sample.to_owned(), sample.replace("CADIKHPP", "CADIKHPPXXX")] {
        assert_eq!(told(&check(&knowing, &document)), "");
    }
    for (office, document) in [(&knowing, sample.replace("CADIKHPP", "CADIKHPP001")), (&office(), sample.to_owned())] {
        let said = told(&check(office, &document));
        assert!(said.contains("line 4, column 1, bank: ") && said.contains("into the column bank: 116001 acleda"), "{said}");
    }
}
