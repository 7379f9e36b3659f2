//! A stage as the runner sees it: terminals connect and send, operators order, links are disturbed.

use std::time::Duration;

use engine::{Command, HOT_CARD_LISTS, LegId};
use faults::Fault;
use model::{ResponseCode, Timestamp};
use server::config::AcquirerPlan;
use simulator::LineId;

use super::Stage;
use super::far::{Fate, Role};
use crate::replay::{
    AccountLook, AccountSpec, BatchLook, FaultKind, FaultSpec, ItemLook, LegSpec, Order, OrderSpec, Ordered, Party, PayrollCame,
    PayrollSpec, PositionLook, Seen, Speech, StatusLook, TerminalSpec, Venue, VenueError,
};

/// How long a terminal waits for its connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

impl Stage {
    fn acquirer(&self, name: Option<&str>) -> Result<&AcquirerPlan, VenueError> {
        let is = |it: &&AcquirerPlan| name.is_none_or(|name| it.link.side.name() == name);
        self.plan.acquirers.iter().find(is).ok_or_else(|| {
            let known: Vec<_> = self.plan.acquirers.iter().map(|it| it.link.side.name()).collect();
            let name = name.unwrap_or_default();
            VenueError::Wrong(format!("the configuration has no [[acquirer]] {name:?}; it has {}", known.join(", ")))
        })
    }

    fn terminal(&self, name: &str) -> Result<LineId, VenueError> {
        let line = self.line_of(&Role::Terminal(name.to_owned())).filter(|line| self.world.is_up(*line));
        line.ok_or_else(|| VenueError::NotNow(format!("terminal {name} is not connected to the switch")))
    }

    /// Whose line a fault is on. A terminal connects when it first sends; what is to strike its messages may be set before.
    fn role_on(&self, party: &Party) -> Result<Role, VenueError> {
        match party {
            Party::Terminal(name) => Ok(Role::Terminal(name.clone())),
            Party::Bank(name) => {
                let role = Role::Bank(name.clone());
                self.line_on(&role).map(|_| role)
            }
            Party::Switch => Err(VenueError::Wrong("only a crash is on the switch itself; name a bank or a terminal".into())),
        }
    }

    /// The line that a fault is on.
    fn line_on(&self, role: &Role) -> Result<LineId, VenueError> {
        let none = || VenueError::Wrong(format!("{} has no connection to the switch that could be disturbed", role.party()));
        self.line_of(role).ok_or_else(none)
    }

    fn command(&self, what: &Order) -> Result<Result<Command, String>, VenueError> {
        let bank = |name: &String| {
            let found = self.plan.rules.banks.iter().find(|bank| bank.name == *name).map(|bank| bank.id);
            found.ok_or_else(|| VenueError::Wrong(format!("the configuration has no [[bank]] {name:?}")))
        };
        let leg = |leg: &LegSpec| self.leg(leg).ok_or_else(|| format!("no transaction with RRN {} owes anything", leg.rrn));
        Ok(Ok(match what {
            Order::Cutover => Command::Cutover,
            Order::SignOff(name) => Command::SignOff(bank(name)?),
            Order::SignOn(name) => Command::SignOn(bank(name)?),
            Order::Retry(spec) => match leg(spec) {
                Ok(leg) => Command::Retry(leg),
                Err(refused) => return Ok(Err(refused)),
            },
            Order::Discard(spec) => match leg(spec) {
                Ok(leg) => Command::Discard(leg),
                Err(refused) => return Ok(Err(refused)),
            },
            Order::Block(pan, list) => Command::List(*pan, hot_card_list(list)?),
            Order::Unblock(pan) => Command::Unlist(*pan),
            Order::Replace { old, new, list } => Command::Replace { old: *old, new: *new, code: hot_card_list(list)? },
        }))
    }

    /// A leg of which something is still open, or was given up.
    fn leg(&self, spec: &LegSpec) -> Option<LegId> {
        let state = self.world.state()?;
        let is = |id: &LegId| {
            let rrn = state.transaction(id.transaction).map(|it| it.asked.rrn.to_string());
            id.index == spec.leg && rrn == Some(spec.rrn.to_string())
        };
        state.dead_letters().chain(state.open_legs()).find(is)
    }

    fn clear(&mut self) {
        self.faults.clear();
        let lines: Vec<_> = self.fars.keys().copied().collect();
        for line in lines {
            self.world.up(line);
            // What was held back goes on at once.
            self.pump(line);
        }
    }
}

impl Venue for Stage {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn open(&mut self, terminal: &TerminalSpec) -> Result<Speech, VenueError> {
        let link = self.acquirer(terminal.link.as_deref())?.link.clone();
        let speech = Speech { dialect: link.dialect.clone(), framing: link.framing, offset: self.plan.rules.offset };
        let role = Role::Terminal(terminal.name.clone());
        let line = match self.line_of(&role) {
            Some(line) => line,
            None => self.connect(role, link),
        };
        let until = self.now() + CONNECT_WITHIN;
        while !self.world.is_up(line) && self.advance(until) {}
        match self.world.is_up(line) {
            true => Ok(speech),
            false => {
                Err(VenueError::NotNow(format!("terminal {} cannot connect: its link is down, or the switch is", terminal.name)))
            }
        }
    }

    fn send(&mut self, terminal: &str, frame: &[u8]) -> Result<(), VenueError> {
        let line = self.terminal(terminal)?;
        let now = self.now();
        let Some(far) = self.fars.get_mut(&line) else { return Ok(()) };
        for frame in far.frames_of(frame) {
            // The terminal has not noticed yet that its connection is gone.
            let fate = if self.cut.contains(&line) { Fate::CUT } else { far.leaves(now, frame) };
            self.seen.push_back(far.seen(now, false, far.body(frame), fate));
        }
        self.pump(line);
        Ok(())
    }

    fn next(&mut self, until: Timestamp) -> Result<Option<Seen>, VenueError> {
        while self.seen.is_empty() && self.advance(until) {}
        Ok(self.seen.pop_front())
    }

    fn is_at_rest(&mut self) -> Result<bool, VenueError> {
        let Some(state) = self.world.state() else { return Ok(false) };
        let owed = self
            .plan
            .rules
            .banks
            .iter()
            .any(|bank| state.is_linked(bank.id) && !state.is_signed_off(bank.id) && state.forward_depth_of(bank.id) > 0);
        Ok(!owed && self.seen.is_empty() && self.world.is_quiet() && self.fars.values().all(super::Far::is_quiet))
    }

    fn next_cutover(&mut self) -> Result<Timestamp, VenueError> {
        Ok(self.plan.rules.next_cutover(self.now()))
    }

    fn order(&mut self, order: &OrderSpec) -> Result<Ordered, VenueError> {
        let what = &order.what;
        if let Some(bank) = &order.by_bank {
            let came = self.bank_says(bank, what)?;
            if came == Ordered::Done {
                self.card_ordered(what, true);
            }
            return Ok(came);
        }
        let command = match self.command(&order.what)? {
            Ok(command) => command,
            Err(refused) => return Ok(Ordered::Refused(refused)),
        };
        let OrderSpec { operator, reason, .. } = order.clone();
        let given = server::Order { operator, reason, command };
        if let Err(unfit) = given.check() {
            return Ok(Ordered::Refused(unfit.to_string()));
        }
        let done = self.world.command(&given.operator, &given.reason, command);
        self.tell_time();
        self.metrics.count_order(command.name(), &done);
        if done.is_ok() {
            self.card_ordered(what, false);
        }
        Ok(done.map_or_else(|refused| Ordered::Refused(refused.to_string()), |()| Ordered::Done))
    }

    fn payroll(&mut self, order: &PayrollSpec) -> Result<PayrollCame, VenueError> {
        self.order_payroll(order)
    }

    fn batch(&mut self, batch: u32) -> Result<Option<BatchLook>, VenueError> {
        self.look_at_batch(batch)
    }

    fn item(&mut self, batch: u32, item: u32) -> Result<Option<ItemLook>, VenueError> {
        self.look_at_item(batch, item)
    }

    fn disturb(&mut self, fault: &FaultSpec) -> Result<(), VenueError> {
        let on = fault.on.as_ref();
        let role = |stage: &Self| {
            let nowhere = || VenueError::Wrong(format!("a {} is on a bank or a terminal; name it", fault.kind.word()));
            stage.role_on(on.ok_or_else(nowhere)?)
        };
        match fault.kind {
            FaultKind::Clear => self.clear(),
            FaultKind::Crash(down) => self.world.crash(down),
            FaultKind::Messages(action) => {
                let FaultSpec { way, only, times, .. } = *fault;
                let fault = Fault { action, link: role(self)?.link(), way, only, times };
                self.faults.add(fault).map_err(|error| VenueError::Wrong(error.to_string()))?;
            }
            FaultKind::Down => {
                let line = self.line_on(&role(self)?)?;
                self.world.down(line);
                self.cut.insert(line);
            }
            FaultKind::Up => {
                let line = self.line_on(&role(self)?)?;
                self.world.up(line);
            }
        }
        Ok(())
    }

    fn account(&mut self, bank: &str, account: &AccountSpec) -> Result<AccountLook, VenueError> {
        let now = self.now();
        let bank = self.banks.get_mut(bank).ok_or_else(|| VenueError::Wrong(format!("there is no bank {bank} here")))?;
        bank.account(account, now).map_err(VenueError::Wrong)
    }

    fn positions(&mut self) -> Result<Vec<PositionLook>, VenueError> {
        self.look_at_positions()
    }

    fn status(&mut self) -> Result<StatusLook, VenueError> {
        self.look_at_status()
    }

    fn metric(&mut self, name: &str, labels: &[(String, String)]) -> Result<Option<f64>, VenueError> {
        self.look_at_metric(name, labels)
    }
}

fn hot_card_list(list: &str) -> Result<ResponseCode, VenueError> {
    let found = HOT_CARD_LISTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(list)).map(|(_, code)| *code);
    let known = || HOT_CARD_LISTS.map(|(name, _)| name.to_lowercase()).join(", ");
    found.ok_or_else(|| VenueError::Wrong(format!("there is no list of hot cards {list:?}; known: {}", known())))
}
