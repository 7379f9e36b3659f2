//! Files of an agency: people who applied for a card, or cards that are there already. Read as a stream, line by line; good lines are
//! taken, each bad one is told with its field and why. The same file again changes nothing.
//!
//! An empty store is filled in bulk: rows first, the indexes over them afterwards, all at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use model::{BusinessDate, Pan, Timestamp, shows_card_number};

use crate::details;
use crate::lines::Lines;
use crate::store::{Counted, Inside, New, Row, Why, counted};
use crate::{CivilServantId, Details, Error, Expiry, Issuer, Kind, State, Store, Unfit, issuer, schema};

/// How many lines make one transaction: few enough that whoever else writes waits a moment only.
const BATCH: usize = 10_000;
/// How many agencies' rows are remembered; a file has a few dozen.
const AGENCIES_MAX: usize = 10_000;
/// The longest name of an agency, characters.
const AGENCY_MAX: usize = 80;

/// What the store keeps of where an imported card came from, beside the line.
const IMPORTED: &str = "import";

/// Where an imported card came from.
pub(crate) fn imported(line: i64) -> String {
    format!("{IMPORTED}, line {line}")
}

/// The columns of a registration, in the order in which they are told.
pub const REGISTRATION: [&str; 8] =
    ["civil_servant_id", "name_latin", "name_khmer", "date_of_birth", "agency", "bank", "account_khr", "account_usd"];
/// What a file of cards has beside them: all three, or none.
pub const OF_CARD: [&str; 3] = ["state", "pan", "expiry"];

/// Who imports, and how.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// Now.
    pub at: Timestamp,
    /// Who does it.
    pub by: &'a str,
    /// The agency that the files are of; lines of others are refused.
    pub agency: Option<&'a str>,
    /// Whether nothing is to be changed.
    pub check: bool,
}

/// How many lines came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Taken, or fit to be.
    pub taken: u64,
    /// There already, the same.
    pub known: u64,
    /// Refused.
    pub refused: u64,
}

/// A line that was not taken.
#[derive(Clone, Debug)]
pub struct Refused<'a> {
    /// The file.
    pub file: &'a Path,
    /// The line, from 1.
    pub line: u64,
    /// The column and what is wrong with it.
    pub why: &'a Unfit,
}

/// A line that reads well.
struct Line {
    number: u64,
    details: Details,
    agency: String,
    bank: Issuer,
    state: State,
    /// Whether the line gave the card's number; else it is to be given.
    numbered: bool,
    expiry: Option<Expiry>,
}

impl Store {
    /// Imports files. `report` hears of each line that is refused, in order.
    ///
    /// # Errors
    /// Where a file cannot be read or its first line names no columns, or the store fails. What was taken before stays.
    pub fn import(
        &mut self,
        files: &[PathBuf],
        import: &Import<'_>,
        report: &mut dyn FnMut(&Refused<'_>),
    ) -> Result<Outcome, Error> {
        let Some(_alone) = self.importing()? else { return Err(Error::Importing { place: self.place() }) };
        let empty = schema::is_empty(&self.connection).map_err(self.failed("look for cards"))?;
        let bulk = empty && !import.check;
        if bulk {
            let failed = self.failed("prepare an import in bulk");
            schema::drop_indexes(&self.connection).map_err(&failed)?;
            // What a power loss takes of an import is imported again; the file stays whole all the same.
            self.connection.execute_batch("PRAGMA synchronous = NORMAL").map_err(failed)?;
        }
        let mut run = Run { import, empty, seen: Seen::default(), outcome: Outcome::default(), agencies: HashMap::new() };
        let done = files.iter().try_for_each(|file| run.file(self, file, report));
        let Run { outcome, .. } = run;
        if bulk {
            let failed = self.failed("make cards findable");
            schema::index(&self.connection).map_err(&failed)?;
            self.connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE);").map_err(failed)?;
        }
        done.map(|()| outcome)
    }
}

/// One import, over all its files.
struct Run<'a> {
    import: &'a Import<'a>,
    /// Whether the store had no card when it began: then only what this run has seen can stand in the way.
    empty: bool,
    seen: Seen,
    outcome: Outcome,
    agencies: HashMap<String, i64>,
}

impl Run<'_> {
    fn file(&mut self, store: &mut Store, file: &Path, report: &mut dyn FnMut(&Refused<'_>)) -> Result<(), Error> {
        let failed = |source| Error::File { path: file.to_owned(), source };
        let reader: Box<dyn Read> = Box::new(File::open(file).map_err(failed)?);
        let mut lines = Lines::new(BufReader::with_capacity(1 << 16, reader));
        let columns = match lines.next().map_err(failed)? {
            Some((_, Ok(names))) => Columns::of(&names),
            Some((_, Err(torn))) => Err(torn.problem().to_owned()),
            None => Err("the file is empty".to_owned()),
        };
        let columns = columns.map_err(|problem| Error::Header { path: file.to_owned(), problem })?;
        self.seen.files.push((self.seen.before, file.to_owned()));
        let (mut source, mut last) = (None, 1);
        loop {
            let mut batch = Vec::with_capacity(BATCH);
            let mut ended = true;
            while let Some((number, fields)) = lines.next().map_err(failed)? {
                last = number;
                let line = fields
                    .map_err(|torn| Unfit::new("line", torn.problem()))
                    .and_then(|fields| columns.line(number, &fields, self.import));
                batch.push((number, line));
                if batch.len() == BATCH {
                    ended = false;
                    break;
                }
            }
            let taken = self.batch(store, &mut source, batch)?;
            for (number, why) in &taken {
                report(&Refused { file, line: *number, why });
            }
            if ended {
                self.seen.before += last;
                return Ok(());
            }
        }
    }

    /// Takes a batch in one transaction. Gives the lines that were refused.
    fn batch(
        &mut self,
        store: &mut Store,
        source: &mut Option<i64>,
        batch: Vec<(u64, Result<Line, Unfit>)>,
    ) -> Result<Vec<(u64, Unfit)>, Error> {
        let check = self.import.check;
        let work = |inside: &Inside<'_>| {
            let mut refused = Vec::new();
            let mut counts: HashMap<Counted, i64> = HashMap::new();
            let listed = inside.any_listed()?;
            for (number, line) in batch {
                let taken = match line {
                    Ok(line) => self.line(inside, source, line, listed, &mut counts)?,
                    Err(unfit) => Err(unfit),
                };
                match taken {
                    Ok(true) => self.outcome.taken += 1,
                    Ok(false) => self.outcome.known += 1,
                    Err(unfit) => {
                        self.outcome.refused += 1;
                        refused.push((number, unfit));
                    }
                }
            }
            for (of, more) in counts {
                inside.count(of, more)?;
            }
            Ok(refused)
        };
        // A transaction for reading even then: the whole batch sees one picture.
        if check { store.looking(work) } else { store.within(work) }
    }

    /// Takes a line: whether it is new; or why it cannot be taken.
    fn line(
        &mut self,
        inside: &Inside<'_>,
        source: &mut Option<i64>,
        mut line: Line,
        listed: bool,
        counts: &mut HashMap<Counted, i64>,
    ) -> Result<Result<bool, Unfit>, Error> {
        let person = line.details.person;
        if line.state.is_living()
            && let Some(earlier) = self.seen.person(person, line.number)
        {
            return Ok(Err(Unfit::new("civil_servant_id", format!("this person is in {earlier} already"))));
        }
        if !self.empty {
            match self.stands_in_the_way(inside, &line)? {
                Some(Err(unfit)) => return Ok(Err(unfit)),
                Some(Ok(())) => return Ok(Ok(false)),
                None => {}
            }
        }
        if line.numbered && !self.seen.number(line.details.pan) {
            return Ok(Err(Unfit::new("pan", "the card number is on an earlier line already")));
        }
        if self.import.check {
            return Ok(Ok(true));
        }
        if line.numbered {
            if let Some(prefix) = line.details.pan.prefix(6).and_then(|it| u32::try_from(it).ok()) {
                let serial = issuer::serial(line.details.pan);
                if serial >= issuer::FIRST_SERIAL {
                    inside.set_next(prefix, serial + 1)?;
                }
            }
        } else {
            // Numbers are given in order; what a file brought with it is passed over.
            line.details.pan = loop {
                let pan = inside.next_number(line.bank, line.bank.prefix())?;
                if self.seen.number(pan) {
                    break pan;
                }
            };
        }
        let why = Why { at: self.import.at, by: self.import.by, reason: "imported" };
        let source = match *source {
            Some(source) => source,
            // Without the file's name: people name files after people and cards.
            None => *source.insert(inside.source(IMPORTED, why)?),
        };
        let agency = self.agency(inside, &line.agency)?;
        let Line { details, bank, state, expiry, number, .. } = &line;
        let new = New {
            details,
            agency,
            bank: *bank,
            kind: Kind::Smart,
            state: *state,
            expiry: *expiry,
            source,
            line: number.cast_signed(),
            at: why.at,
            funding: None,
            replaces: None,
        };
        let id = inside.add(&new)?;
        *counts.entry(counted(agency, *bank, Kind::Smart, *state, *expiry)).or_default() += 1;
        if listed {
            inside.apply_listed(id, details.pan)?;
        }
        Ok(Ok(true))
    }

    /// What is in the store already: the same (`Ok`), or something else of that person or number.
    fn stands_in_the_way(&self, inside: &Inside<'_>, line: &Line) -> Result<Option<Result<(), Unfit>>, Error> {
        let day = BusinessDate::utc(self.import.at);
        let from = |row: &Row| -> Result<String, Error> {
            Ok(if row.line > 0 { imported(row.line) } else { inside.source_name(row.source)? })
        };
        let same = |row: &Row, inside: &Inside<'_>| -> Result<bool, Error> {
            let agency = inside.agency(&line.agency, false)?;
            Ok(row.details.same_person(&line.details) && row.bank == line.bank && Some(row.agency) == agency)
        };
        if line.numbered
            && let Some(row) = inside.card(line.details.pan)?
        {
            return Ok(Some(if same(&row, inside)? {
                Ok(())
            } else {
                Err(Unfit::new(
                    "pan",
                    format!("the card number is there already, of somebody else or otherwise: {}", from(&row)?),
                ))
            }));
        }
        if !line.state.is_living() {
            return Ok(None);
        }
        let mut cards = inside.cards_of(line.details.person)?;
        cards.retain(|row| row.kind == Kind::Smart);
        // Whatever has become of the card since: one that is lost is replaced, not registered again.
        if !line.numbered && cards.iter().map(|row| same(row, inside)).collect::<Result<Vec<_>, _>>()?.contains(&true) {
            return Ok(Some(Ok(())));
        }
        let Some(row) = cards.iter().find(|row| row.state.on(day, row.expiry).is_living()) else { return Ok(None) };
        let problem = format!("this person has a card that may still be used, from {}", from(row)?);
        Ok(Some(Err(Unfit::new("civil_servant_id", problem))))
    }

    fn agency(&mut self, inside: &Inside<'_>, name: &str) -> Result<i64, Error> {
        if let Some(id) = self.agencies.get(name) {
            return Ok(*id);
        }
        if self.agencies.len() >= AGENCIES_MAX {
            self.agencies.clear();
        }
        let id = inside.agency(name, true)?.unwrap_or_default();
        self.agencies.insert(name.to_owned(), id);
        Ok(id)
    }
}

/// Who and which numbers this run has seen, in few bytes each.
#[derive(Default)]
struct Seen {
    /// A person's first line, counted over all files, by the serial number of their id.
    people: HashMap<u32, u32>,
    /// Lines of the files before this one.
    before: u64,
    /// The files, and the count of lines before each.
    files: Vec<(u64, PathBuf)>,
    /// Serial numbers of cards, as bits: 65,536 of one prefix in a piece.
    numbers: HashMap<u64, Box<[u64; 1024]>>,
}

impl Seen {
    /// Notes a person. Where they were seen before: file and line.
    fn person(&mut self, person: CivilServantId, line: u64) -> Option<String> {
        let place = u32::try_from(self.before + line).unwrap_or(u32::MAX);
        match self.people.entry(person.serial()) {
            Entry::Vacant(vacant) => {
                vacant.insert(place);
                None
            }
            Entry::Occupied(occupied) => {
                let first = u64::from(*occupied.get());
                let (before, file) = self.files.iter().rfind(|(before, _)| *before < first)?;
                let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
                Some(format!("{name} line {}", first - before))
            }
        }
    }

    /// Notes a card number. Whether it is new.
    fn number(&mut self, pan: Pan) -> bool {
        let place = pan.number() / 10;
        let piece = self.numbers.entry(place >> 16).or_insert_with(|| Box::new([0; 1024]));
        let bit = 1 << (place & 63);
        let word = piece.get_mut(usize::try_from(place >> 6 & 1023).unwrap_or(0));
        word.is_some_and(|word| {
            let new = *word & bit == 0;
            *word |= bit;
            new
        })
    }
}

/// Where each column stands.
struct Columns {
    registration: [usize; 8],
    card: Option<[usize; 3]>,
    count: usize,
}

impl Columns {
    fn of(names: &[String]) -> Result<Self, String> {
        let place = |wanted: &str| names.iter().position(|name| name.trim() == wanted);
        let missing = |name: &str| {
            format!("column {name} is missing; wanted: {}, and for cards: {}", REGISTRATION.join(","), OF_CARD.join(","))
        };
        let known = |name: &str| REGISTRATION.contains(&name) || OF_CARD.contains(&name);
        if let Some(at) = names.iter().position(|name| !known(name.trim())) {
            return Err(format!(
                "column {} has a name that is not known; wanted: {}, and for cards: {}",
                at + 1,
                REGISTRATION.join(","),
                OF_CARD.join(",")
            ));
        }
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| place(name.trim()) != Some(*at)) {
            return Err(format!("column {} has the name of an earlier one", twice.0 + 1));
        }
        let mut registration = [0; 8];
        for (at, name) in registration.iter_mut().zip(REGISTRATION) {
            *at = place(name).ok_or_else(|| missing(name))?;
        }
        let of_card = OF_CARD.map(place);
        let card = match of_card {
            [None, None, None] => None,
            [Some(state), Some(pan), Some(expiry)] => Some([state, pan, expiry]),
            _ => {
                let name = OF_CARD.iter().zip(of_card).find(|(_, at)| at.is_none()).map_or("", |(name, _)| name);
                return Err(missing(name));
            }
        };
        Ok(Self { registration, card, count: names.len() })
    }

    fn line(&self, number: u64, fields: &[String], import: &Import<'_>) -> Result<Line, Unfit> {
        if fields.len() != self.count {
            return Err(Unfit::new("line", format!("has {} columns, where the first line names {}", fields.len(), self.count)));
        }
        let field = |at: usize| fields.get(at).map_or("", |text| text.trim());
        let [id, name_latin, name_khmer, born, agency, bank, khr, usd] = self.registration.map(field);
        let person = CivilServantId::parse(id)?;
        let bank = Issuer::from_name(bank).ok_or_else(|| {
            Unfit::new("bank", format!("there is no such bank; known: {}", Issuer::ALL.map(Issuer::name).join(", ")))
        })?;
        let (account_khr, account_usd) = (details::account("account_khr", khr)?, details::account("account_usd", usd)?);
        if account_khr.is_empty() && account_usd.is_empty() {
            return Err(Unfit::new("account_khr", "is missing, and so is account_usd; one of them is needed"));
        }
        let card = self.card.map(|columns| columns.map(field));
        let (state, pan, expiry) = match card {
            None => (State::Registered, None, None),
            Some([state, pan, expiry]) => of_card(state, pan, expiry, bank)?,
        };
        let today = BusinessDate::utc(import.at);
        if expiry.is_some_and(|expiry| expiry > Expiry::of_printed(details::latest(today))) {
            let problem = "is too far ahead: a card is good for ten years from the day it is printed, at most a year from today";
            return Err(Unfit::new("expiry", problem));
        }
        let born = details::day("date_of_birth", born)?;
        if born > today {
            return Err(Unfit::new("date_of_birth", "is in the future; write the day on which the person was born"));
        }
        Ok(Line {
            number,
            details: Details {
                // A number that nobody has stands in until one is given.
                pan: pan.unwrap_or(issuer::card_number(bank.prefix(), 0).ok_or_else(|| Unfit::new("bank", "has no numbers"))?),
                person,
                name_latin: details::latin(name_latin)?,
                name_khmer: details::khmer(name_khmer)?,
                born,
                account_khr,
                account_usd,
            },
            agency: self::agency(agency, import.agency)?,
            bank,
            state,
            numbered: pan.is_some(),
            expiry,
        })
    }
}

fn agency(name: &str, only: Option<&str>) -> Result<String, Unfit> {
    let unfit = |problem: String| Err(Unfit::new("agency", problem));
    if name.is_empty() {
        return unfit("is missing".into());
    }
    if name.chars().count() > AGENCY_MAX || name.chars().any(char::is_control) || shows_card_number(name) {
        return unfit(format!("must be a name of at most {AGENCY_MAX} characters, without a card number"));
    }
    match only {
        Some(only) if only != name => unfit(format!("is not {only:?}, which these files are of")),
        _ => Ok(name.to_owned()),
    }
}

/// What a file of cards tells beside the registration.
fn of_card(state: &str, pan: &str, expiry: &str, bank: Issuer) -> Result<(State, Option<Pan>, Option<Expiry>), Unfit> {
    let stored =
        || State::ALL.into_iter().filter(|state| *state != State::Expired).map(State::name).collect::<Vec<_>>().join(", ");
    let state = State::from_name(state)
        .filter(|state| *state != State::Expired)
        .ok_or_else(|| Unfit::new("state", format!("must be one of: {}; a card is expired by its date", stored())))?;
    let expiry = match expiry {
        "" if state == State::Registered => None,
        "" => return Err(Unfit::new("expiry", format!("is missing, and a card that is {state} has one"))),
        text => {
            let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
            let yymm = text.parse().ok().filter(|_| digits).and_then(Expiry::from_yymm);
            Some(yymm.ok_or_else(|| Unfit::new("expiry", "must be a year and a month, written YYMM like 3212"))?)
        }
    };
    if pan.is_empty() {
        return if state == State::Registered {
            Ok((state, None, expiry))
        } else {
            Err(Unfit::new("pan", format!("is missing, and a card that is {state} has one")))
        };
    }
    let pan = Pan::from_digits(pan.as_bytes()).map_err(|error| Unfit::new("pan", error.to_string()))?;
    if pan.length() != 16 || !pan.luhn_holds() {
        return Err(Unfit::new("pan", "must be 16 digits with a right check digit: a digit was mistyped"));
    }
    match Issuer::of(pan) {
        Some((issuer, false)) if issuer == bank => Ok((state, Some(pan), expiry)),
        Some((_, true)) => Err(Unfit::new("pan", "is a virtual card's; those come from the bank's own machines, not from files")),
        _ => Err(Unfit::new("pan", format!("is no number of {}, whose cards begin with {}", bank.name(), bank.prefix()))),
    }
}
