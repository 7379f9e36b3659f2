//! The transactions that one fold touches: gathered in memory, each written once.

use std::borrow::Cow;
use std::collections::HashMap;

use engine::{Answer, Asked, BankId, Entry, Purpose, Record};
use foldhash::fast::FixedState;
use model::{BusinessDate, Class, ResponseCode, Text, Timestamp, TransactionId};
use ring::hmac;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::progress::Progress;
use crate::{TransactionState, mask};

/// How many open transactions are held in memory beside the table. Beyond it, all are let go and looked up.
const OPEN_MAX: usize = 1 << 16;

pub(crate) struct Batch<'c> {
    connection: &'c Connection,
    token_key: &'c hmac::Key,
    memory: &'c mut Memory,
    date: BusinessDate,
}

/// What one fold leaves to the next: open transactions, and room.
#[derive(Default)]
pub(crate) struct Memory {
    /// Transactions that were open when last seen, so that their answers need not look them up.
    open: Map<Progress>,
    touched: Vec<Touched>,
    places: Map<usize>,
}

/// By our own numbers, which nobody outside chooses: a hash that is cheap serves.
type Map<V> = HashMap<TransactionId, V, FixedState>;

impl Memory {
    /// Forgets what is in the table too, and whatever is not.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.touched.clear();
        self.places.clear();
    }
}

struct Touched {
    id: TransactionId,
    /// What came; `None` for a transaction whose row is there already.
    begun: Option<Begun>,
    progress: Progress,
}

struct Begun {
    asked: Asked,
    date: BusinessDate,
    original: Option<TransactionId>,
}

impl<'c> Batch<'c> {
    pub(crate) fn new(connection: &'c Connection, token_key: &'c hmac::Key, memory: &'c mut Memory, date: BusinessDate) -> Self {
        Self { connection, token_key, memory, date }
    }

    pub(crate) fn date(&self) -> BusinessDate {
        self.date
    }

    /// Takes a record in. One about a transaction that never came changes nothing, as in the engine.
    pub(crate) fn apply(&mut self, block: u64, entry: &Entry<'_>) -> rusqlite::Result<()> {
        let at = entry.at;
        match entry.record {
            Record::Created { .. }
            | Record::Adopted { .. }
            | Record::BankLinked { .. }
            | Record::BankSigned { .. }
            | Record::NetworkAnswered { .. }
            | Record::DayClosed { .. }
            | Record::CardListed { .. }
            | Record::CardReplaced { .. }
            | Record::Operated { .. }
            | Record::BatchOpened { .. }
            | Record::ItemTaken { .. }
            | Record::BatchDropped { .. }
            | Record::BatchSubmitted { .. }
            | Record::BatchApproved { .. }
            | Record::BatchFunded { .. }
            | Record::BatchUnfunded { .. }
            | Record::BatchBegun { .. }
            | Record::BatchCancelled { .. }
            | Record::ItemEnded { .. }
            | Record::CreditBackStarted { .. }
            | Record::CreditedBack { .. }
            | Record::CreditBackRefused { .. }
            | Record::CreditBackRetried { .. }
            | Record::PayrollForgotten { .. }
            | Record::LateReply { leg: None, .. } => Ok(()),
            Record::DayOpened { date } => {
                self.date = date;
                Ok(())
            }
            Record::Accepted { transaction, asked } => {
                self.begin(transaction, at, asked, None);
                self.touch(block, transaction, |_| {})
            }
            Record::AdviceAccepted { transaction, asked, original } => {
                self.begin(transaction, at, asked, original);
                self.touch(block, transaction, |_| {})?;
                original.map_or(Ok(()), |original| self.touch(block, original, |_| {}))
            }
            Record::Refused { transaction, asked, code } => {
                self.begin(transaction, at, asked, None);
                self.touch(block, transaction, |it| it.told(at, Answer::of(code)))
            }
            Record::ReversalAnswered { transaction, asked, original, awaited: _, code } => {
                self.begin(transaction, at, asked, original);
                self.touch(block, transaction, |it| {
                    it.told(at, Answer::of(code));
                    it.stands = Some(asked.stands);
                })?;
                original.map_or(Ok(()), |original| self.touch(block, original, |_| {}))
            }
            Record::LegStarted { leg, bank, .. } => self.touch(block, leg.transaction, |it| it.asks(bank)),
            Record::LegAnswered { leg, answer } => self.touch(block, leg.transaction, |it| it.bank_answered(answer.code)),
            Record::LegLost { leg, reason } => self.touch(block, leg.transaction, |it| it.lost(reason)),
            Record::Answered { transaction, answer } => self.touch(block, transaction, |it| it.told(at, answer)),
            Record::RepeatStarted { leg } => self.touch(block, leg.transaction, Progress::repeats),
            Record::ReversalStarted { leg, stands, .. } | Record::UndoNoted { leg, stands } => {
                self.touch(block, leg.transaction, |it| it.must_be_undone(stands))
            }
            Record::ForwardEnded { leg, code, dead } => self.touch(block, leg.transaction, |it| it.settled(code, dead)),
            Record::HoldPlaced { leg, .. } => self.touch(block, leg.transaction, Progress::holds),
            Record::HoldEnded { leg, how } => self.touch(block, leg.transaction, |it| it.hold_ended(how)),
            Record::ReversalOverruled { transaction } => self.touch(block, transaction, Progress::overruled),
            Record::DeadRetried { leg, .. } => self.touch(block, leg.transaction, Progress::retried),
            Record::DeadDiscarded { leg, .. } => self.touch(block, leg.transaction, Progress::discarded),
            Record::ItemPutBack { item, .. } => self.touch(block, Purpose::Item(item).transaction(), Progress::put_back),
            Record::ItemSettled { item, paid, .. } => {
                self.touch(block, Purpose::Item(item).transaction(), |it| it.cleared_up(paid))
            }
            Record::RecallStarted { item, .. } | Record::ItemReturned { item, .. } | Record::RecallRefused { item, .. } => {
                self.touch(block, Purpose::Item(item).transaction(), |_| {})
            }
            Record::Joined { transaction, .. }
            | Record::Repeated { transaction, .. }
            | Record::AnswerUndelivered { transaction } => self.touch(block, transaction, |_| {}),
            Record::ForwardTried { leg, .. }
            | Record::Posted { leg, .. }
            | Record::PostedBack { leg, .. }
            | Record::AdviceOwed { leg }
            | Record::StoodIn { leg, .. }
            | Record::LateReply { leg: Some(leg), .. } => self.touch(block, leg.transaction, |_| {}),
        }
    }

    fn begin(&mut self, id: TransactionId, at: Timestamp, asked: Asked, original: Option<TransactionId>) {
        if Purpose::of(id).is_some() && self.goes_on(id) {
            return;
        }
        let begun = Begun { asked, date: self.date, original };
        self.place(Touched { id, begun: Some(begun), progress: Progress::begun(at) });
    }

    /// An item of a payroll of which no byte left begins anew under its number. Its row goes on, where that is at hand; else it is
    /// written over.
    fn goes_on(&mut self, id: TransactionId) -> bool {
        let Memory { open, touched, places } = &mut *self.memory;
        if let Some(progress) = open.remove(&id) {
            places.insert(id, touched.len());
            touched.push(Touched { id, begun: None, progress });
        }
        places.contains_key(&id)
    }

    fn touch(&mut self, block: u64, id: TransactionId, change: impl FnOnce(&mut Progress)) -> rusqlite::Result<()> {
        if let Some(it) = self.find(id)?.and_then(|place| self.memory.touched.get_mut(place)) {
            it.progress.seen_in(block);
            change(&mut it.progress);
        }
        Ok(())
    }

    fn find(&mut self, id: TransactionId) -> rusqlite::Result<Option<usize>> {
        if let Some(place) = self.memory.places.get(&id) {
            return Ok(Some(*place));
        }
        let known = match self.memory.open.remove(&id) {
            Some(known) => Some(known),
            None => read(self.connection, id)?,
        };
        Ok(known.map(|progress| self.place(Touched { id, begun: None, progress })))
    }

    fn place(&mut self, it: Touched) -> usize {
        let place = self.memory.touched.len();
        self.memory.places.insert(it.id, place);
        self.memory.touched.push(it);
        place
    }

    /// Writes every row once, and keeps those still open for the next batch, up to [`OPEN_MAX`].
    pub(crate) fn write(self) -> rusqlite::Result<()> {
        let mut insert = self.connection.prepare_cached(INSERT)?;
        let mut update = self.connection.prepare_cached(UPDATE)?;
        let (mut day, mut clock) = ((BusinessDate::default(), BusinessDate::default().to_string()), Clock::default());
        let Memory { open, touched, places } = self.memory;
        places.clear();
        if open.len() + touched.len() > OPEN_MAX {
            open.clear();
        }
        for Touched { id, begun, progress } in touched.drain(..) {
            let Progress { bank, answered, code, authorization, approved, state, stands, ref blocks, .. } = progress;
            let bank = bank.map(|it| it.0);
            let answered = answered.map(|it| clock.show(it));
            let answered = answered.as_ref().map(plain);
            let code = code.and_then(|it| Text::<2>::new(&it.bytes()));
            let code = code.as_ref().map(shown);
            let authorization = authorization.as_ref().map(shown);
            let (approved, stands) = (approved.map(u64::cast_signed), stands.map(u64::cast_signed));
            let took_us = progress.took_us().map(u64::cast_signed);
            if let Some(Begun { asked, date, original }) = begun {
                if day.0 != date {
                    day = (date, date.to_string());
                }
                insert.execute(params![
                    id.0.cast_signed(),
                    shown(&asked.rrn),
                    plain(&digits::<6>(asked.stan.number())),
                    plain(&digits::<4>(asked.mti.number().into())),
                    kind(&asked),
                    bank,
                    asked.acquirer.number().cast_signed(),
                    shown(&asked.terminal),
                    asked.pan.map(|it| it.to_string()),
                    asked.pan.map(|it| mask::card_token(self.token_key, it)),
                    asked.to_account.map(|it| mask::account(&it)),
                    asked.amount.cast_signed(),
                    asked.currency.alpha(),
                    day.1,
                    plain(&clock.show(progress.accepted)),
                    answered,
                    code,
                    authorization,
                    approved,
                    state.name(),
                    stands,
                    original.map(|it| it.0.cast_signed()),
                    took_us,
                    blocks,
                ])?;
            } else {
                update.execute(params![
                    id.0.cast_signed(),
                    bank,
                    answered,
                    code,
                    authorization,
                    approved,
                    state.name(),
                    stands,
                    took_us,
                    blocks,
                ])?;
            }
            if state == TransactionState::Open && open.len() < OPEN_MAX {
                open.insert(id, progress);
            }
        }
        Ok(())
    }
}

/// What `Display` shows of a text, without formatting where that would change nothing, which is nearly always.
fn shown<const N: usize>(text: &Text<N>) -> Cow<'_, str> {
    let plain = text.trimmed();
    match std::str::from_utf8(plain) {
        Ok(same) if plain.iter().all(u8::is_ascii_alphanumeric) => Cow::Borrowed(same),
        _ => Cow::Owned(text.to_string()),
    }
}

/// Shows moments; those of one second differ in their last digits only, so the rest is not made anew.
#[derive(Default)]
struct Clock {
    second: i64,
    shown: String,
}

impl Clock {
    fn show(&mut self, at: Timestamp) -> Text<27> {
        const SECOND: i64 = 1_000_000;
        if self.shown.is_empty() || self.second != at.micros().div_euclid(SECOND) {
            self.second = at.micros().div_euclid(SECOND);
            self.shown = at.to_string();
            self.shown.truncate("2022-12-28T05:00:00.".len());
        }
        let micros = digits::<6>(u32::try_from(at.micros().rem_euclid(SECOND)).unwrap_or(0));
        let mut text = *b"2022-12-28T05:00:00.000000Z";
        for (place, shown) in text.iter_mut().zip(self.shown.as_bytes().iter().chain(micros.as_bytes())) {
            *place = *shown;
        }
        Text::new(&text).unwrap_or_default()
    }
}

/// The last `N` digits of a number, with zeros in front.
fn digits<const N: usize>(mut rest: u32) -> Text<N> {
    let mut digits = [b'0'; N];
    for place in digits.iter_mut().rev() {
        *place += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    Text::new(&digits).unwrap_or_default()
}

/// A text that was made here, of plain characters.
fn plain<const N: usize>(text: &Text<N>) -> &str {
    str::from_utf8(text.as_bytes()).unwrap_or_default()
}

fn kind(asked: &Asked) -> &'static str {
    match (asked.mti.class(), asked.kind()) {
        (Some(Class::Reversal), _) => "reversal",
        (_, Some(kind)) => kind.name(),
        (_, None) => "unknown",
    }
}

const INSERT: &str = "
    INSERT OR REPLACE INTO transactions (
        id, rrn, stan, mti, kind, bank, acquirer, terminal, card_masked, card_token, account_masked, amount, currency,
        business_date, accepted_at, answered_at, code, authorization, approved, state, stands, original, took_us, blocks
    ) VALUES (
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24
    )";

const UPDATE: &str = "
    UPDATE transactions SET bank = ?2, answered_at = ?3, code = ?4, authorization = ?5, approved = ?6, state = ?7, stands = ?8,
        took_us = ?9, blocks = ?10
    WHERE id = ?1";

/// What the table knows of a transaction's progress. Moments are text there, for people; here they are read back exactly.
fn read(connection: &Connection, id: TransactionId) -> rusqlite::Result<Option<Progress>> {
    let mut select = connection.prepare_cached(
        "SELECT unixepoch(substr(accepted_at, 1, 19)) * 1000000 + CAST(substr(accepted_at, 21, 6) AS INTEGER), took_us,
            bank, code, authorization, approved, state, stands, blocks
         FROM transactions WHERE id = ?1",
    )?;
    select.query_row([id.0.cast_signed()], progress).optional()
}

fn progress(row: &Row<'_>) -> rusqlite::Result<Progress> {
    let accepted = Timestamp::from_micros(row.get(0)?);
    let after = |us: i64| std::time::Duration::from_micros(us.cast_unsigned());
    let code: Option<String> = row.get(3)?;
    let authorization: Option<String> = row.get(4)?;
    let number = |column| row.get::<_, Option<i64>>(column).map(|it| it.map(i64::cast_unsigned));
    Ok(Progress {
        bank: row.get::<_, Option<u32>>(2)?.map(BankId),
        answered: row.get::<_, Option<i64>>(1)?.map(|us| accepted + after(us)),
        code: code.and_then(|it| ResponseCode::new(it.as_bytes().try_into().ok()?)),
        authorization: authorization.and_then(|it| Text::new(it.as_bytes())),
        approved: number(5)?,
        state: crate::queries::state(row, 6)?,
        stands: number(7)?,
        blocks: row.get(8)?,
        ..Progress::begun(accepted)
    })
}
