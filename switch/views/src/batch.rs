//! The transactions that one fold touches: gathered in memory, each written once.

use std::collections::HashMap;

use engine::{Answer, Asked, BankId, Entry, Record};
use model::{BusinessDate, Class, ResponseCode, Text, Timestamp, TransactionId};
use ring::hmac;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::fold::Open;
use crate::progress::Progress;
use crate::{TransactionState, mask};

pub(crate) struct Batch<'c> {
    connection: &'c Connection,
    token_key: &'c hmac::Key,
    open: &'c mut Open,
    date: BusinessDate,
    touched: Vec<Touched>,
    places: HashMap<TransactionId, usize>,
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
    pub(crate) fn new(connection: &'c Connection, token_key: &'c hmac::Key, open: &'c mut Open, date: BusinessDate) -> Self {
        Self { connection, token_key, open, date, touched: Vec::new(), places: HashMap::new() }
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
            | Record::LateReply { leg: None, .. } => Ok(()),
            Record::DayOpened { date } => {
                self.date = date;
                Ok(())
            }
            Record::Accepted { transaction, asked } => {
                self.begin(transaction, at, asked, None);
                self.touch(block, transaction, |_| {})
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
            Record::Joined { transaction, .. } | Record::AnswerUndelivered { transaction } => {
                self.touch(block, transaction, |_| {})
            }
            Record::ForwardTried { leg, .. } | Record::LateReply { leg: Some(leg), .. } => {
                self.touch(block, leg.transaction, |_| {})
            }
        }
    }

    fn begin(&mut self, id: TransactionId, at: Timestamp, asked: Asked, original: Option<TransactionId>) {
        let begun = Begun { asked, date: self.date, original };
        self.place(Touched { id, begun: Some(begun), progress: Progress::begun(at) });
    }

    fn touch(&mut self, block: u64, id: TransactionId, change: impl FnOnce(&mut Progress)) -> rusqlite::Result<()> {
        if let Some(it) = self.find(id)?.and_then(|place| self.touched.get_mut(place)) {
            it.progress.seen_in(block);
            change(&mut it.progress);
        }
        Ok(())
    }

    fn find(&mut self, id: TransactionId) -> rusqlite::Result<Option<usize>> {
        if let Some(place) = self.places.get(&id) {
            return Ok(Some(*place));
        }
        let known = match self.open.remove(&id) {
            Some(known) => Some(known),
            None => read(self.connection, id)?,
        };
        Ok(known.map(|progress| self.place(Touched { id, begun: None, progress })))
    }

    fn place(&mut self, it: Touched) -> usize {
        let place = self.touched.len();
        self.places.insert(it.id, place);
        self.touched.push(it);
        place
    }

    /// Writes every row once, and keeps those still open for the next batch, up to `open_max`.
    pub(crate) fn write(self, open_max: usize) -> rusqlite::Result<()> {
        let mut insert = self.connection.prepare_cached(INSERT)?;
        let mut update = self.connection.prepare_cached(UPDATE)?;
        let mut day = (BusinessDate::default(), BusinessDate::default().to_string());
        if self.open.len() + self.touched.len() > open_max {
            self.open.clear();
        }
        for Touched { id, begun, progress } in self.touched {
            let Progress { bank, answered, code, authorization, approved, state, stands, ref blocks, .. } = progress;
            let bank = bank.map(|it| it.0);
            let answered = answered.map(|it| it.to_string());
            let code = code.map(|it| it.to_string());
            let authorization = authorization.map(|it| it.to_string());
            let (approved, stands) = (approved.map(u64::cast_signed), stands.map(u64::cast_signed));
            let took_us = progress.took_us().map(u64::cast_signed);
            if let Some(Begun { asked, date, original }) = begun {
                if day.0 != date {
                    day = (date, date.to_string());
                }
                insert.execute(params![
                    id.0.cast_signed(),
                    asked.rrn.to_string(),
                    asked.stan.to_string(),
                    asked.mti.to_string(),
                    kind(&asked),
                    bank,
                    asked.acquirer.number().cast_signed(),
                    asked.terminal.to_string(),
                    asked.pan.map(|it| it.to_string()),
                    asked.pan.map(|it| mask::card_token(self.token_key, it)),
                    asked.to_account.map(|it| mask::account(&it)),
                    asked.amount.cast_signed(),
                    asked.currency.alpha(),
                    day.1,
                    progress.accepted.to_string(),
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
            if state == TransactionState::Open && self.open.len() < open_max {
                self.open.insert(id, progress);
            }
        }
        Ok(())
    }
}

fn kind(asked: &Asked) -> &'static str {
    match (asked.mti.class(), asked.kind()) {
        (Some(Class::Reversal), _) => "reversal",
        (_, Some(kind)) => kind.name(),
        (_, None) => "unknown",
    }
}

const INSERT: &str = "
    INSERT INTO transactions (
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
