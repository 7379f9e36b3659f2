//! Stories of the store, on real files.

use std::path::{Path, PathBuf};

use model::{BusinessDate, Pan, ResponseCode, Timestamp};
use tempfile::TempDir;

use crate::import::{Import, Outcome};
use crate::{CivilServantId, Directory, Error, Event, Expiry, Issuer, Keys, Kind, Known, Of, State, Store, card_number};

const KHMER: &str = "សុខ ដារ៉ា";

fn keys(secret: u8) -> Keys {
    Keys::derived(|label| {
        let mut key = [secret; 32];
        key.iter_mut().zip(label).for_each(|(byte, more)| *byte ^= more);
        key
    })
}

fn noon() -> Timestamp {
    Timestamp::parse("2022-12-28T12:00:00+07:00").unwrap()
}

fn launch_day() -> BusinessDate {
    BusinessDate::from_civil(2022, 12, 28).unwrap()
}

struct World {
    folder: TempDir,
    store: Store,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("cards.db"), keys(1)).unwrap();
        Self { folder, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cards.db")
    }

    fn again(&mut self) {
        self.store = Store::open_existing(&self.path(), keys(1)).unwrap();
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn imports(&mut self, files: &[PathBuf], check: bool) -> (Outcome, Vec<String>) {
        let import = Import { at: noon(), by: "sovann", agency: None, check };
        let mut refused = Vec::new();
        let outcome = self.store.import(files, &import, &mut |it| {
            let name = it.file.file_name().unwrap().to_string_lossy();
            refused.push(format!("{name}:{}: {}", it.line, it.why));
        });
        (outcome.unwrap(), refused)
    }

    fn registers(&mut self, count: u32) {
        let file = self.file("registered.csv", &registrations(count));
        assert_eq!(self.imports(&[file], false).0, Outcome { taken: count.into(), ..Outcome::default() });
    }

    fn card(&mut self, serial: u32) -> Pan {
        self.store.card_of(&Of::Person(person(serial))).unwrap().pan
    }

    fn state(&mut self, serial: u32) -> State {
        self.store.show(&Of::Person(person(serial)), launch_day()).unwrap().pop().unwrap().state
    }

    fn activates(&mut self, serial: u32) -> Pan {
        let of = Of::Person(person(serial));
        self.store.print(&of, launch_day(), noon(), "sovann", "").unwrap();
        self.store.hand_over(&of, noon(), "sovann", "").unwrap();
        self.card(serial)
    }

    fn folds(&mut self, events: Vec<Event>) {
        let from = self.store.folded().unwrap();
        let events: Vec<_> = events.into_iter().map(|event| (noon(), event)).collect();
        assert!(self.store.fold(from, from + 1, &events).unwrap());
    }

    /// Counted row by row, as the tally should have it.
    fn counted(&self) -> Vec<(i64, u8, u8, u8, u16, i64)> {
        let query = "SELECT agency, bank, kind, state, expiry, count(*) FROM cards GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5";
        self.counts(query)
    }

    fn tallied(&self) -> Vec<(i64, u8, u8, u8, u16, i64)> {
        self.counts("SELECT * FROM tally WHERE cards <> 0 ORDER BY 1, 2, 3, 4, 5")
    }

    fn counts(&self, query: &str) -> Vec<(i64, u8, u8, u8, u16, i64)> {
        let mut select = self.store.connection.prepare(query).unwrap();
        let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }
}

fn person(serial: u32) -> CivilServantId {
    CivilServantId::of_serial(40_000_000 + serial).unwrap()
}

const HEADER: &str = "civil_servant_id,name_latin,name_khmer,date_of_birth,agency,bank,account_khr,account_usd";

fn registration(serial: u32) -> String {
    let bank = Issuer::ALL[serial as usize % 3].name();
    let name = format!("SOK {}", char::from(b'A' + u8::try_from(serial % 26).unwrap()));
    format!("{},{name},{KHMER},1985-04-30,\"Ministry of Mines, Energy\",{bank},0010{serial:08},", person(serial).digits())
}

fn registrations(count: u32) -> String {
    let lines: Vec<_> = (1..=count).map(registration).collect();
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

fn whole(path: &Path) -> Vec<u8> {
    ["", "-wal"].iter().flat_map(|more| std::fs::read(format!("{}{more}", path.display())).unwrap_or_default()).collect()
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn good_lines_are_taken_and_each_bad_one_is_told_with_its_field() {
    let mut world = World::new();
    let good = registration(1);
    let with = |from: &str, to: &str| registration(2).replace(from, to);
    let text = [
        HEADER.to_owned(),
        good.clone(),
        with("canadia", "aba").replace("wing", "aba"),
        with("1985-04-30", "1985-02-30"),
        with("SOK C", "S0K C"),
        with(KHMER, ""),
        with("\"Ministry of Mines, Energy\"", ""),
        with("001000000002", "12"),
        with("001000000002", ""),
        "1,2".to_owned(),
        "\"open".to_owned(),
        with(&person(2).digits(), "123456789"),
        good.replace("SOK B", "SOK Z"),
        registration(3),
    ];
    let file = world.file("moi.csv", &text.join("\r\n"));
    let (checked, told) = world.imports(std::slice::from_ref(&file), true);
    assert_eq!(world.tallied(), [], "--check changes nothing");
    let (outcome, refused) = world.imports(&[file], false);
    assert_eq!((checked, told), (outcome, refused.clone()), "and says the same");
    assert_eq!(outcome, Outcome { taken: 2, known: 0, refused: 11 });
    let fields: Vec<_> = refused.iter().map(|it| it.split(": ").take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        fields,
        [
            "moi.csv:3 bank",
            "moi.csv:4 date_of_birth",
            "moi.csv:5 name_latin",
            "moi.csv:6 name_khmer",
            "moi.csv:7 agency",
            "moi.csv:8 account_khr",
            "moi.csv:9 account_khr",
            "moi.csv:10 line",
            "moi.csv:11 line",
            "moi.csv:12 civil_servant_id",
            "moi.csv:13 civil_servant_id",
        ]
    );
    assert!(refused[10].ends_with("this person is in moi.csv line 2 already"), "{}", refused[10]);
    let report = refused.join("\n");
    for secret in ["SOK", KHMER, "1985", &person(1).digits(), &person(2).digits(), "123456789"] {
        assert!(!report.contains(secret), "{secret}: {report}");
    }
}

#[test]
fn the_same_file_again_is_harmless_and_a_person_from_elsewhere_is_refused() {
    let mut world = World::new();
    world.registers(30);
    let before = world.tallied();
    let again = world.file("again.csv", &format!("\u{feff}{}", registrations(31)));
    assert_eq!(world.imports(&[again], false), (Outcome { taken: 1, known: 30, refused: 0 }, vec![]));
    assert_eq!(world.tallied().iter().map(|it| it.5).sum::<i64>(), before.iter().map(|it| it.5).sum::<i64>() + 1);
    let other = registration(7).replace("Ministry of Mines, Energy", "Ministry of Health");
    let other = world.file("moh.csv", &format!("{HEADER}\n{other}\n"));
    let (outcome, refused) = world.imports(&[other], false);
    assert_eq!(outcome.refused, 1);
    assert!(refused[0].contains("a card that may still be used, from import, line 8"), "{refused:?}");
    assert_eq!(world.tallied(), world.counted());
}

#[test]
fn cards_with_numbers_are_taken_as_they_are_and_numbers_are_given_once() {
    let mut world = World::new();
    let pan = |serial| String::from_utf8(card_number(911_601, serial).unwrap().digits().as_ref().to_vec()).unwrap();
    let line = |serial: u32, more: &str| {
        let base = registration(serial);
        format!("{}{more}", base.replace("canadia", "acleda").replace("wing", "acleda"))
    };
    let text = [
        format!("{HEADER},state,pan,expiry"),
        line(1, ",registered,,"),
        line(2, &format!(",active,{},3212", pan(200_000_001))),
        line(3, ",registered,,"),
        line(4, &format!(",active,{},3212", pan(200_000_001))),
        line(5, &format!(",active,{},", pan(9))),
        line(6, &format!(",expired,{},3212", pan(9))),
        line(7, &format!(",lost,{},3212", pan(10))),
        line(7, &format!(",active,{},3212", pan(11))),
        line(8, &format!(",active,{},3212", pan(11).replace("911601", "911602"))),
    ];
    let file = world.file("cards.csv", &text.join("\n"));
    let (outcome, refused) = world.imports(std::slice::from_ref(&file), false);
    let fields: Vec<_> = refused.iter().map(|it| it.split(": ").nth(1).unwrap()).collect();
    assert_eq!((outcome.taken, fields), (5, vec!["pan", "expiry", "state", "pan"]), "{refused:?}");
    assert_eq!(world.card(1), card_number(911_601, 200_000_000).unwrap());
    assert_eq!(world.card(3), card_number(911_601, 200_000_002).unwrap(), "a number that a file brought is passed over");
    let (again, _) = world.imports(&[file], false);
    assert_eq!((again.taken, again.known), (0, 5));
    assert_eq!(world.store.show(&Of::Person(person(7)), launch_day()).unwrap().len(), 2, "a lost one and the one in use");
    assert_eq!(world.tallied(), world.counted());
}

#[test]
fn nobody_reads_a_number_or_a_name_in_the_file() {
    let mut world = World::new();
    world.registers(200);
    world.activates(5);
    let pans: Vec<_> = (1..=200).map(|serial| world.card(serial)).collect();
    let bytes = whole(&world.path());
    assert!(holds(&bytes, b"Ministry of Mines"), "agencies are no secret");
    assert!(!holds(&bytes, b"registered.csv"), "a file may be named after a person or a card");
    for (serial, pan) in (1..).zip(pans) {
        let id = person(serial);
        let packed: Vec<_> = pan.digits().as_ref().chunks(2).map(|pair| (pair[0] - b'0') << 4 | (pair[1] - b'0')).collect();
        let account = format!("0010{serial:08}");
        for secret in
            [pan.digits().as_ref(), &packed, &pan.number().to_le_bytes(), &pan.number().to_be_bytes(), account.as_bytes()]
        {
            assert!(!holds(&bytes, secret), "a card of {id}");
        }
        assert!(!holds(&bytes, id.digits().as_bytes()) && !holds(&bytes, &id.number().to_le_bytes()), "{id}");
    }
    for secret in ["SOK", "សុខ", KHMER, "1985-04"] {
        assert!(!holds(&bytes, secret.as_bytes()), "{secret}");
    }
    let other = Store::open(&world.path(), keys(2)).unwrap_err();
    assert!(matches!(other, Error::ForeignKey { .. }), "{other}");
}

#[test]
fn a_row_with_anothers_seal_does_not_open() {
    let mut world = World::new();
    world.registers(2);
    let swap = "UPDATE cards SET sealed = (SELECT sealed FROM cards WHERE id = 2) WHERE id = 1";
    world.store.connection.execute_batch(swap).unwrap();
    assert!(matches!(world.store.card_of(&Of::Person(person(1))), Err(Error::Altered { row: 1, .. })));
}

#[test]
fn a_card_is_printed_handed_over_and_good_for_ten_years() {
    let mut world = World::new();
    world.registers(30);
    let of = Of::Person(person(1));
    let early = world.store.hand_over(&of, noon(), "sovann", "").unwrap_err();
    assert!(early.to_string().contains("is registered and cannot become active; print it first"), "{early}");
    assert_eq!(world.store.print(&of, launch_day(), noon(), "sovann", "").unwrap(), 1);
    assert!(world.store.print(&of, launch_day(), noon(), "sovann", "").is_err(), "once");
    assert_eq!(world.store.hand_over(&of, noon(), "sovann", "at the counter").unwrap(), 1);
    let agency = Of::Agency("Ministry of Mines, Energy".into());
    assert_eq!(world.store.print(&agency, launch_day(), noon(), "sovann", "").unwrap(), 29);
    assert!(matches!(world.store.print(&Of::Agency("X".into()), launch_day(), noon(), "s", ""), Err(Error::NoSuchAgency(_))));
    let shown = world.store.show(&of, launch_day()).unwrap().remove(0);
    let steps: Vec<_> = shown.history.iter().map(|it| (it.state, it.reason.as_str())).collect();
    assert_eq!(steps, [(State::Registered, "import, line 2"), (State::Printed, ""), (State::Active, "at the counter")]);
    assert_eq!((shown.expiry, shown.name_latin.as_str()), (Expiry::from_yymm(3212), "S*** B***"));
    let later = BusinessDate::from_civil(2033, 1, 1).unwrap();
    assert_eq!(world.store.show(&of, later).unwrap()[0].state, State::Expired);
    let stats = |world: &mut World, day| {
        let all = world.store.stats(day).unwrap();
        State::ALL.map(|state| all.iter().filter(|it| it.state == state).map(|it| it.cards).sum::<u64>())
    };
    assert_eq!(stats(&mut world, launch_day()), [0, 29, 1, 0, 0, 0, 0, 0]);
    assert_eq!(stats(&mut world, later), [0, 0, 0, 0, 0, 0, 0, 30]);
    assert_eq!(world.tallied(), world.counted());
}

fn listed(pan: Pan, code: Option<ResponseCode>) -> Event {
    Event::Listed { pan, code, by: "sovann".into(), reason: "told so".into() }
}

#[test]
fn what_the_journal_says_is_folded_once_whoever_dies_in_between() {
    let mut world = World::new();
    world.registers(3);
    let pan = world.activates(1);
    let events = [(noon(), listed(pan, Some(ResponseCode::RESTRICTED_CARD)))];
    assert!(world.store.fold(0, 7, &events).unwrap());
    world.again();
    assert_eq!((world.store.folded().unwrap(), world.state(1)), (7, State::Blocked));
    assert!(!world.store.fold(0, 7, &events).unwrap(), "of two who fold the later one does nothing");
    let steps = world.store.show(&Of::Card(pan), launch_day()).unwrap()[0].history.len();
    world.folds(vec![listed(pan, None)]);
    assert_eq!(world.state(1), State::Active, "as it was before");
    assert_eq!(world.store.show(&Of::Card(pan), launch_day()).unwrap()[0].history.len(), steps + 1);
    world.folds(vec![listed(pan, Some(ResponseCode::STOLEN_CARD)), listed(pan, None)]);
    assert_eq!(world.state(1), State::Stolen, "which is final");
    assert_eq!(world.tallied(), world.counted());
}

#[test]
fn a_card_that_was_blocked_before_it_was_known_is_blocked_when_it_comes() {
    let mut world = World::new();
    let pan = card_number(911_601, 77).unwrap();
    world.folds(vec![listed(pan, Some(ResponseCode::LOST_CARD))]);
    let digits = String::from_utf8(pan.digits().as_ref().to_vec()).unwrap();
    let line = registration(3).replace("canadia", "acleda") + &format!(",active,{digits},3212");
    let file = world.file("cards.csv", &format!("{HEADER},state,pan,expiry\n{line}\n"));
    assert_eq!(world.imports(&[file], false).0.taken, 1);
    assert_eq!(world.store.show(&Of::Card(pan), launch_day()).unwrap()[0].state, State::Lost);
    assert_eq!(world.tallied(), world.counted());
}

#[test]
fn a_replacement_names_the_old_card_and_a_person_never_has_two() {
    let mut world = World::new();
    world.registers(3);
    let old = world.activates(1);
    let reserved = world.store.reserve(&Of::Card(old)).unwrap();
    world.again();
    let twice = world.store.reserve(&Of::Card(old)).unwrap();
    assert_eq!(twice, reserved, "the store has not followed, and no second number is told");
    let bytes = whole(&world.path());
    assert!(!holds(&bytes, reserved.new.digits().as_ref()) && !holds(&bytes, &reserved.new.number().to_le_bytes()));
    let replaced = |old, new, by_bank| Event::Replaced {
        old,
        new,
        code: ResponseCode::LOST_CARD,
        by_bank,
        by: "sovann".into(),
        reason: "lost at the market".into(),
    };
    world.folds(vec![replaced(old, reserved.new, false)]);
    let cards = world.store.show(&Of::Person(person(1)), launch_day()).unwrap();
    let told: Vec<_> = cards.iter().map(|it| (it.state, it.replaces.clone())).collect();
    assert_eq!(told, [(State::Lost, None), (State::Registered, Some(old.to_string()))]);
    assert!(matches!(world.store.reserve(&Of::Card(old)), Err(Error::Forbidden { .. })), "its holder has another");
    world.folds(vec![listed(reserved.new, Some(ResponseCode::LOST_CARD))]);
    let next = world.store.reserve(&Of::Card(reserved.new)).unwrap();
    assert!(next.old == reserved.new && next.new != reserved.new, "a number is given once");
    world.folds(vec![replaced(next.old, next.new, false)]);
    world.folds(vec![replaced(old, card_number(911_602, 5).unwrap(), true)]);
    assert_eq!(world.store.show(&Of::Person(person(1)), launch_day()).unwrap().len(), 3, "not even when a bank says so");
    let second = world.card(2);
    world.folds(vec![replaced(second, card_number(911_603, 6).unwrap(), true)]);
    let newest = world.store.show(&Of::Person(person(2)), launch_day()).unwrap().remove(1);
    assert_eq!((newest.state, newest.expiry), (State::Active, Expiry::from_yymm(3212)), "the bank has handed it over");
    assert_eq!(world.tallied(), world.counted());
}

#[test]
fn a_day_that_was_mistyped_is_refused() {
    let mut world = World::new();
    world.registers(1);
    let of = Of::Person(person(1));
    let day = |year, month, day| BusinessDate::from_civil(year, month, day).unwrap();
    for (on, problem) in [(day(2024, 1, 1), "more than a year ahead"), (day(2012, 11, 30), "more than ten years ago")] {
        let said = world.store.print(&of, on, noon(), "sovann", "").unwrap_err().to_string();
        assert!(said.contains(problem) && said.contains("today is 2022-12-28"), "{said}");
    }
    assert_eq!(world.store.print(&of, day(2023, 12, 28), noon(), "sovann", "").unwrap(), 1, "a year ahead");
    let born = |text: &str| registration(2).replace("1985-04-30", text);
    let pan = String::from_utf8(card_number(911_601, 7).unwrap().digits().as_ref().to_vec()).unwrap();
    let of_acleda = |line: String, expiry: &str| line.replace("wing", "acleda") + &format!(",active,{pan},{expiry}");
    let good = of_acleda(born("2022-12-28"), "3312");
    let lines = [of_acleda(born("2022-12-29"), "3212"), of_acleda(born("1985-04-30"), "3401"), good];
    let file = world.file("days.csv", &format!("{HEADER},state,pan,expiry\n{}\n", lines.join("\n")));
    let (outcome, refused) = world.imports(&[file], false);
    let fields: Vec<_> = refused.iter().map(|it| it.split(": ").nth(1).unwrap()).collect();
    assert_eq!((outcome.taken, fields), (1, vec!["date_of_birth", "expiry"]), "{refused:?}");
}

#[test]
fn lost_is_lost_and_what_is_only_blocked_or_unknown_may_be_unblocked() {
    let mut world = World::new();
    world.registers(3);
    let cards: Vec<_> = (1..=3).map(|serial| world.activates(serial)).collect();
    let codes = [ResponseCode::LOST_CARD, ResponseCode::STOLEN_CARD, ResponseCode::RESTRICTED_CARD];
    world.folds(cards.iter().zip(codes).map(|(pan, code)| listed(*pan, Some(code))).collect());
    for (pan, state) in cards.iter().zip(["lost", "stolen"]) {
        let said = world.store.may_unblock(*pan).unwrap_err().to_string();
        assert!(said.contains(&format!("is {state} and cannot become active, which is final")), "{said}");
        assert!(said.contains("`payswitch cards replace`"), "{said}");
    }
    world.store.may_unblock(cards[2]).unwrap();
    world.store.may_unblock(card_number(911_601, 5).unwrap()).unwrap();
    let new = world.store.reserve(&Of::Card(cards[2])).unwrap().new;
    let (code, by, reason) = (codes[2], "sovann".into(), "worn out".into());
    world.folds(vec![Event::Replaced { old: cards[2], new, code, by_bank: false, by, reason }]);
    assert!(matches!(world.store.may_unblock(cards[2]), Err(Error::Forbidden { from: State::Replaced, .. })));
}

#[test]
fn a_virtual_card_is_linked_to_the_card_that_asked_for_it() {
    let mut world = World::new();
    world.registers(3);
    let (funding, virtual_one) = (world.activates(3), card_number(911_611, 1).unwrap());
    world.folds(vec![Event::VirtualAsked { transaction: 9, funding }]);
    world.again();
    world.folds(vec![Event::VirtualIssued { transaction: 9, pan: virtual_one }]);
    world.folds(vec![Event::VirtualIssued { transaction: 9, pan: virtual_one }]);
    let cards = world.store.show(&Of::Person(person(3)), launch_day()).unwrap();
    let told: Vec<_> = cards.iter().map(|it| (it.kind, it.state, it.funded_by.clone())).collect();
    assert_eq!(told, [(Kind::Smart, State::Active, None), (Kind::Virtual, State::Active, Some(funding.to_string()))]);
    let second = card_number(911_611, 2).unwrap();
    world.folds(vec![
        Event::VirtualAsked { transaction: 10, funding },
        Event::VirtualIssued { transaction: 10, pan: second },
        Event::Undone { transaction: 10 },
        Event::VirtualIssued { transaction: 11, pan: card_number(911_611, 3).unwrap() },
    ]);
    let cards = world.store.show(&Of::Person(person(3)), launch_day()).unwrap();
    let states: Vec<_> = cards.iter().map(|it| it.state).collect();
    assert_eq!(states, [State::Active, State::Replaced, State::Blocked], "one of a kind, and none when it is undone");
    assert_eq!(world.tallied(), world.counted());
}

#[test]
fn the_directory_follows_what_other_processes_do() {
    let mut world = World::new();
    world.registers(300);
    let pan = world.activates(1);
    let (mut directory, cursor) = world.store.directory().unwrap();
    let hash = |pan| keys(1).of_card(pan);
    assert_eq!(directory.len(), 300);
    let known = directory.find(hash(pan)).unwrap();
    assert_eq!((known.state, known.expiry), (State::Active, Expiry::from_yymm(3212)));
    assert_eq!(directory.find(hash(card_number(911_601, 5).unwrap())), None);

    let mut watcher = Store::look(&world.path(), keys(1)).unwrap();
    let version = watcher.version().unwrap();
    assert_eq!(watcher.version().unwrap(), version);
    world.folds(vec![listed(pan, Some(ResponseCode::LOST_CARD))]);
    let more = world.file("more.csv", &registrations(400));
    world.imports(&[more], false);
    assert_ne!(watcher.version().unwrap(), version);
    let (mut cursor, mut steps) = (cursor, 0);
    loop {
        let (changed, next) = watcher.changed(cursor, 7).unwrap();
        changed.iter().for_each(|(hash, known)| directory.set(*hash, *known));
        steps += 1;
        if next == cursor {
            break;
        }
        cursor = next;
    }
    assert!(steps > 10, "in pieces");
    let (whole, _) = world.store.directory().unwrap();
    for directory in [&directory, &directory.ordered()] {
        assert_eq!(directory.len(), 400);
        for serial in 1..=400 {
            let hash = hash(world.card(serial));
            assert_eq!(directory.find(hash), whole.find(hash), "{serial}");
        }
        assert_eq!(directory.find(hash(pan)).map(|it| it.state), Some(State::Lost));
    }
}

#[test]
fn an_import_that_was_cut_off_is_made_findable_when_the_store_is_opened() {
    let mut world = World::new();
    world.registers(3);
    crate::schema::drop_indexes(&world.store.connection).unwrap();
    let held = world.store.importing().unwrap().unwrap();
    let other = Store::open(&world.path(), keys(1)).unwrap();
    assert!(!crate::schema::is_indexed(&other.connection).unwrap(), "another imports still");
    let busy = world.folder.path().join("registered.csv");
    let import = Import { at: noon(), by: "s", agency: None, check: false };
    assert!(matches!(world.store.import(&[busy], &import, &mut |_| {}), Err(Error::Importing { .. })));
    drop(held);
    world.again();
    assert!(crate::schema::is_indexed(&world.store.connection).unwrap());
}

proptest::proptest! {
    #[test]
    fn a_directory_finds_what_was_put_into_it(hashes in proptest::collection::hash_map(0..(1_u64 << 63), 3..7_u8, 0..300)) {
        let mut directory = Directory::default();
        let known = |state: u8| Known { state: State::from_number(state).unwrap(), expiry: Expiry::from_yymm(3212) };
        for (at, (hash, state)) in hashes.iter().enumerate() {
            directory.set(*hash, known(*state));
            if at == 100 {
                directory = directory.ordered();
            }
        }
        let ordered = directory.ordered();
        for (hash, state) in &hashes {
            proptest::prop_assert_eq!(directory.find(*hash), Some(known(*state)));
            proptest::prop_assert_eq!(ordered.find(*hash), Some(known(*state)));
            let next = (hash + 1) & (u64::MAX >> 1);
            proptest::prop_assert_eq!(ordered.find(next).is_some(), hashes.contains_key(&next));
        }
    }
}
