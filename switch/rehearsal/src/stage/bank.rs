//! A reference bank at the far end of a line: its ledger in memory, answering at once and by the world's clock.

use std::sync::Arc;

use bank_adapters::iso::Next;
use bank_adapters::{BankProfile, Call, Cast, Clock, Customers, Error, HostSession, IsoHost, Ledger, reference};
use bytes::BytesMut;
use engine::BankId;
use model::{NetworkCode, Timestamp};
use server::config::BankPlan;
use wire::Dialect;

use crate::replay::{AccountLook, AccountSpec};

/// A bank or operator of the cast.
pub(super) struct StageBank {
    pub(super) id: BankId,
    profile: BankProfile,
    ledger: Ledger,
    host: IsoHost,
    session: HostSession,
}

impl StageBank {
    /// Opens its ledger with the balances of the cast.
    ///
    /// # Errors
    /// Where the cast has no such bank.
    pub(super) fn open(plan: &BankPlan, cast: &Cast, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let profile = cast.bank(&plan.bank.name)?.clone();
        let ledger = Ledger::in_memory(&profile, cast)?;
        let host = IsoHost::new(plan.link.dialect.clone(), plan.link.framing, plan.bank.institution);
        let host = IsoHost { clock, ..host };
        let session = HostSession::new(host.clone(), ledger.capabilities());
        Ok(Self { id: plan.bank.bank, profile, ledger, host, session })
    }

    /// A new connection.
    pub(super) fn connected(&mut self) {
        self.session = HostSession::new(self.host.clone(), self.ledger.capabilities());
    }

    /// Bytes have come: what it answers, and whether it goes on with the connection.
    pub(super) fn asked(&mut self, bytes: &[u8]) -> (BytesMut, bool) {
        self.session.received(bytes);
        let goes_on = loop {
            match self.session.next_frame() {
                Next::Ask(request, answering) => {
                    let clock = self.host.clock.clone();
                    let cx = Call::new(request.reference(), clock.now() + self.host.patience, clock);
                    let outcome = self.ledger.call(request, cx);
                    self.session.answer(&answering, outcome);
                }
                Next::Done => {}
                Next::Incomplete => break true,
                Next::End(_) => break false,
            }
        };
        (self.session.take_output(), goes_on)
    }

    /// What its ledger says of an account; at an operator, of a phone, which has an account once it was credited.
    ///
    /// # Errors
    /// Where SQLite fails, or there is no such account.
    pub(super) fn account(&mut self, account: &AccountSpec, now: Timestamp) -> Result<AccountLook, String> {
        self.ledger.expire(now).map_err(|error| error.to_string())?;
        let phone = self.profile.customers.has_phone(&account.number.to_string());
        let number = match phone {
            true => reference::phone_account(&account.number.to_string(), account.currency),
            false => account.number.to_string(),
        };
        match (self.ledger.balance(&number), self.ledger.available(&number)) {
            (Some(balance), Some(available)) => Ok(AccountLook { balance, held: balance.saturating_sub(available) }),
            _ if phone => Ok(AccountLook::default()),
            _ => {
                let kind = if matches!(self.profile.customers, Customers::Phones { .. }) { "phone" } else { "account" };
                Err(format!("{} has no {kind} {}", self.profile.name, account.number))
            }
        }
    }
}

/// Whether a message between switch and bank only asks for a sign of life, or gives it. There are thousands a day, and none is of
/// interest by itself.
pub(super) fn is_echo(dialect: &Dialect, body: &[u8]) -> bool {
    wire::read(dialect, body).is_ok_and(|message| message.network == Some(NetworkCode::Echo))
}
