//! Banks at the far end of links: books that last, and a host in front of them that is slow, silent, deaf or gone now and then.

pub(crate) mod ledger;
pub(crate) mod wanted;

use std::sync::Arc;
use std::time::Duration;

use engine::BankId;
use model::{Content, InstitutionId, Message, Mti, NetworkCode, ResponseCode, Stan, Text, TransmissionTime};
use shard::{BankLink, Side};
use wire::Envelope;

use crate::check::Checker;
use crate::faults::Fault;
use crate::queue::{Event, Moment, SECOND};
use crate::sabotage::Sabotage;
use crate::world::World;
use ledger::{Ledger, Said, card_number};
use wanted::Wanted;

/// The switch, as it names itself in DE33.
pub(crate) const SWITCH: u64 = 116_000;

/// A bank.
#[derive(Debug)]
pub(crate) struct Bank {
    pub(crate) name: Arc<str>,
    pub(crate) id: u32,
    pub(crate) prefix: u64,
    /// Its cards; of an operator its telephones.
    pub(crate) cards: usize,
    pub(crate) ledger: Ledger,
    /// Its connections to the switch.
    pub(crate) lines: Vec<usize>,
    /// Whether its host runs.
    pub(crate) up: bool,
    /// Rises with every restart.
    life: u32,
    pub(crate) signed_off: bool,
    /// Whether an operator of the switch has signed it off.
    pub(crate) ordered_off: bool,
    /// Whether the switch may approve in its stead.
    pub(crate) is_stood_in_for: bool,
    next_stan: u32,
    /// What it is thinking about.
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// The name of the request that came last, for answers that go astray.
    newest: Option<(Stan, TransmissionTime)>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    wanted: Wanted,
    line: usize,
    said: Option<Said>,
}

impl Bank {
    pub(crate) fn new(name: &str, id: u32, prefix: u64, ledger: Ledger, cards: usize) -> Self {
        Self {
            name: name.into(),
            id,
            prefix,
            cards,
            ledger,
            lines: Vec::new(),
            up: true,
            life: 0,
            signed_off: false,
            ordered_off: false,
            is_stood_in_for: false,
            next_stan: 0,
            slots: Vec::new(),
            free: Vec::new(),
            newest: None,
        }
    }

    pub(crate) fn side(&self) -> Side {
        Side::Bank(BankLink {
            name: Arc::clone(&self.name),
            bank: BankId(self.id),
            institution: InstitutionId::new(self.id.into()).unwrap_or_else(|| unreachable!("six digits")),
            echo_after: Duration::from_secs(30),
            answer_within: Duration::from_secs(10),
        })
    }

    fn think(&mut self, slot: Slot) -> u32 {
        match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = slot;
                place
            }
            None => {
                self.slots.push(slot);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        }
    }
}

impl World {
    /// A message of the switch has reached a bank's host.
    pub(crate) fn bank_got(
        &mut self,
        place: usize,
        line: usize,
        message: &Message<'_>,
        envelope: Option<Envelope>,
        durable: u64,
    ) {
        if message.mti.is_response() {
            return self.bank_was_answered(place, message);
        }
        if let Some(code) = message.network {
            return self.bank_network(place, line, message, envelope, code);
        }
        self.check_request(place, message, durable);
        let wanted = Wanted::of(message, envelope);
        if self.random.chance(self.rates.deaf_bank) {
            return self.coverage.fault(Fault::DeafBank);
        }
        let bank = &mut self.banks[place];
        bank.newest = message.stan.zip(message.transmitted).filter(|_| message.mti == Mti::FINANCIAL_REQUEST);
        let slot = bank.think(Slot { wanted, line, said: None });
        let at = self.now + self.random.between(self.plan.post.0, self.plan.post.1) + self.slowness();
        self.queue.at(at, Event::Post { bank: tiny(place), slot, life: self.banks[place].life });
    }

    /// How much longer than usual a bank takes.
    fn slowness(&mut self) -> Moment {
        if self.random.chance(self.rates.slow_bank) {
            self.coverage.fault(Fault::SlowBank);
            self.random.between(8 * SECOND, 45 * SECOND)
        } else {
            0
        }
    }

    /// The bank commits.
    pub(crate) fn bank_posts(&mut self, place: usize, slot: u32, life: u32) {
        if self.banks[place].life != life {
            return;
        }
        let wanted = self.banks[place].slots[slot as usize].wanted;
        let said = if self.random.chance(self.rates.not_now) {
            // It has no room, or its books are closed for the moment: nothing is kept of it.
            self.coverage.fault(Fault::NotNow);
            let code = self.random.pick(&[ResponseCode::MALFUNCTION, ResponseCode::BANK_UNAVAILABLE, ResponseCode::CUTOVER]);
            Said { code, amount: None, operation: None }
        } else if wanted.mti.is_advice() && self.random.chance(self.rates.refused_advice) {
            self.coverage.fault(Fault::RefusedAdvice);
            Said { code: ResponseCode::INVALID_TRANSACTION, amount: None, operation: None }
        } else {
            self.banks[place].ledger.post(&wanted, self.now)
        };
        let bank = &mut self.banks[place];
        bank.slots[slot as usize].said = Some(said);
        if self.random.chance(self.rates.silent_bank) {
            bank.free.push(slot);
            return self.coverage.fault(Fault::SilentBank);
        }
        // An answer may be long in coming though its posting was quick.
        let late = self.slowness();
        if late > 0 {
            return self.queue.at(self.now + late, Event::Reply { bank: tiny(place), slot, life });
        }
        self.bank_replies(place, slot, life);
    }

    /// The bank's answer leaves, on the connection that asked or another one.
    pub(crate) fn bank_replies(&mut self, place: usize, slot: u32, life: u32) {
        if self.banks[place].life != life {
            return;
        }
        let bank = &mut self.banks[place];
        let Slot { wanted, line, said } = bank.slots[slot as usize];
        bank.free.push(slot);
        let Some(said) = said else { return };
        let asked_there = self.lines[line].far_up;
        let Some(line) = asked_there.then_some(line).or_else(|| self.line_up(place)) else { return };
        let mut reply = wanted.reply(said.code);
        if let Some(amount) = said.amount {
            reply.amount = Some(amount);
        }
        let text;
        if said.code.approves() {
            reply.authorization = authorization(wanted.number);
            if let Some(operation) = said.operation.and_then(|it| self.banks[place].ledger.operations.get(it)) {
                reply.issued = operation.issued;
                if matches!(operation.kind, Some(model::Kind::Balance)) && !wanted.mti.is_advice() {
                    let own = operation.account.unwrap_or(0);
                    text = self.balances(place, own / 2, own % 2);
                    reply.balances = Some(Content::ascii(&text));
                } else if matches!(operation.kind, Some(model::Kind::MiniStatement)) {
                    let own = operation.account.unwrap_or(0);
                    text = self.balances(place, own / 2, own % 2);
                    reply.additional = Some(Content::ascii(&text));
                }
            }
        }
        if wanted.mti == Mti::FINANCIAL_REQUEST && self.sabotage == Some(Sabotage::BankReplyAltered) && self.random.chance(50_000)
        {
            // Planted: somebody between bank and switch turns a no into a yes.
            reply.code = Some(ResponseCode::APPROVED);
            reply.authorization = authorization(wanted.number);
        }
        if self.random.chance(self.rates.bad_reply) {
            self.coverage.fault(Fault::BadReply);
            reply.code = None;
        } else if self.random.chance(self.rates.stray_reply)
            && let Some((stan, transmitted)) = self.banks[place].newest
        {
            self.coverage.fault(Fault::StrayReply);
            // Under the name of another request, wholly or in part; the true answer is lost with it.
            reply.stan = Some(stan);
            if self.random.chance(300_000) {
                reply.transmitted = Some(transmitted);
            }
        }
        let envelope = wanted.envelope;
        self.far_sends(line, &reply, envelope.as_ref());
        if self.random.chance(self.rates.double_reply) {
            self.coverage.fault(Fault::DoubleReply);
            self.far_sends(line, &reply, envelope.as_ref());
        }
    }

    /// DE54: the balance, and under an amount type of this world's own whose it is.
    fn balances(&self, bank: usize, card: usize, currency: usize) -> [u8; 40] {
        let mut text = *b"1002116C0000000000001090116C000000000000";
        let balance = self.banks[bank].ledger.balance(card, currency).unsigned_abs();
        for (at, number) in [(8, balance), (28, card as u64)] {
            let mut rest = number;
            for digit in text[at..at + 12].iter_mut().rev() {
                *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
                rest /= 10;
            }
        }
        text
    }

    fn line_up(&self, bank: usize) -> Option<usize> {
        self.banks[bank].lines.iter().copied().find(|line| self.lines[*line].far_up)
    }

    /// Sign-on and echo of the switch.
    fn bank_network(&mut self, place: usize, line: usize, message: &Message<'_>, envelope: Option<Envelope>, code: NetworkCode) {
        if self.random.chance(self.rates.no_echo) {
            return self.coverage.fault(Fault::NoEcho);
        }
        let refused = code == NetworkCode::SignOn && self.random.chance(self.rates.no_echo);
        if refused {
            self.coverage.fault(Fault::RefusedSignOn);
        }
        let reply = Message {
            transmitted: message.transmitted,
            stan: message.stan,
            network: message.network,
            code: Some(if refused { ResponseCode::BANK_UNAVAILABLE } else { ResponseCode::APPROVED }),
            ..Message::new(Mti::NETWORK_RESPONSE)
        };
        self.far_sends(line, &reply, envelope.as_ref());
        if self.banks[place].signed_off && self.is_calm {
            self.sign(place, true);
        }
    }

    /// The bank signs itself on or off; asks again until it is answered.
    pub(crate) fn sign(&mut self, place: usize, on: bool) {
        let bank = &mut self.banks[place];
        bank.next_stan = bank.next_stan % 999_999 + 1;
        if !on {
            bank.signed_off = true;
        }
        let message = Message {
            transmitted: Some(TransmissionTime::of(self.time())),
            stan: Stan::new(self.banks[place].next_stan),
            network: Some(if on { NetworkCode::SignOn } else { NetworkCode::SignOff }),
            ..Message::new(Mti::NETWORK_REQUEST)
        };
        if let Some(line) = self.line_up(place) {
            self.far_sends(line, &message, None);
        }
        if on {
            self.queue.at(self.now + 5 * SECOND, Event::Sign { bank: tiny(place), on });
        }
    }

    pub(crate) fn sign_due(&mut self, place: usize, on: bool) {
        if !on || self.banks[place].signed_off {
            self.sign(place, on);
        }
    }

    /// The bank tells the switch that a card of its own is hot, or is no longer.
    pub(crate) fn hot_card(&mut self, place: usize) {
        let card = self.random.place(self.banks[place].cards);
        let bank = &mut self.banks[place];
        bank.next_stan = bank.next_stan % 999_999 + 1;
        let listed = self.random.chance(600_000);
        // Every fourth time another card stands for it, which nobody uses yet.
        let replaced = listed && bank.next_stan.is_multiple_of(4);
        let message = Message {
            pan: Some(card_number(bank.prefix, card as u64)),
            issued: replaced.then(|| card_number(bank.prefix, 900_000_000 + card as u64)),
            stan: Stan::new(bank.next_stan),
            file_update: Some(match (listed, replaced) {
                (true, true) => b'2',
                (true, false) => b'1',
                (false, _) => b'3',
            }),
            file_name: Text::new(self.random.pick(&[b"LOST".as_slice(), b"STOLEN", b"BLOCKED"])),
            transmitted: Some(TransmissionTime::of(self.time())),
            ..Message::new(Mti::FILE_UPDATE_REQUEST)
        };
        if let Some(line) = self.line_up(place) {
            self.far_sends(line, &message, None);
        }
    }

    fn bank_was_answered(&mut self, place: usize, message: &Message<'_>) {
        if message.network == Some(NetworkCode::SignOn) && message.code == Some(ResponseCode::APPROVED) {
            self.banks[place].signed_off = false;
        }
    }

    /// The bank's host dies and comes back: what was not committed and what was not sent is gone.
    pub(crate) fn bank_restarts(&mut self, place: usize) {
        let back = self.now + self.random.between(100_000, 20 * SECOND);
        let bank = &mut self.banks[place];
        bank.life += 1;
        bank.free.clear();
        bank.slots.clear();
        bank.newest = None;
        for line in self.banks[place].lines.clone() {
            let keep = self.random.chance(500_000);
            let it = &mut self.lines[line];
            if !it.far_up {
                continue;
            }
            it.to_far.clear();
            if !keep {
                it.to_switch.clear();
            }
            it.broken = true;
            self.notice_later(line, 2 * SECOND);
        }
        self.banks[place].up = false;
        self.queue.at(back, Event::Back { bank: tiny(place) });
    }

    /// What the contract lets a bank expect of every message, checked as it comes.
    fn check_request(&mut self, place: usize, message: &Message<'_>, durable: u64) {
        let number = message.rrn.as_ref().and_then(crate::host::number_of);
        let (stan, transmitted) = (message.stan.map_or(0, Stan::number), message.transmitted.map_or(0, TransmissionTime::number));
        match self.host.block_naming(self.banks[place].id, stan, transmitted) {
            Some(block) if block <= durable => {}
            Some(block) => self.violation(
                Checker::Gate,
                number,
                &format!("nothing sent to a bank before block {block}, which names it, is durable"),
                &format!("{} {stan:06} left when only block {durable} was", message.mti),
            ),
            None => self.violation(
                Checker::Gate,
                number,
                "every message to a bank named by a record",
                &format!("{} {stan:06} {transmitted:010} at {} is not", message.mti, self.banks[place].name),
            ),
        }
        let first = matches!(message.mti, Mti::FINANCIAL_REQUEST | Mti::AUTHORIZATION_REQUEST);
        if !first && message.pin_block.is_some() {
            self.violation(Checker::Secrets, number, "a PIN block shown to a bank once", &format!("{} with one", message.mti));
        }
        if message.forwarder.is_none_or(|it| it.number() != SWITCH) {
            let stood = format!("{} with {:?}", message.mti, message.forwarder);
            self.violation(Checker::Delivery, number, "DE33 names the switch", &stood);
        }
        self.check_date(number, message.business_date, "a bank");
    }
}

/// DE38 of a bank: by it a terminal knows that the approval is its own.
pub(crate) fn authorization(number: Option<u32>) -> Option<Text<6>> {
    let mut code = *b"000000";
    let mut rest = number.unwrap_or(0).wrapping_mul(7919) % 1_000_000;
    for digit in code.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    Text::new(&code)
}

pub(crate) fn tiny(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(u8::MAX)
}
