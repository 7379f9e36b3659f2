//! The configuration, checked: what the server builds from. A value of these types is proof that it makes sense.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use engine::{Acquirer, BankId, BankRules, Prefix, Rules, Timers};
use model::{InstitutionId, Kind, UtcOffset};
use shard::{BankLink, LinkConfig, Side};
use wire::{Dialect, Framing};

use crate::clock::Time;

use super::{AcquirerSection, BankSection, Config, ConfigError, LimitsSection, PayrollPlan, Synchronous, TimersSection};

/// Everything the server is told.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For the engine.
    pub rules: Rules,
    /// Where operators look.
    pub http: SocketAddr,
    /// Links on which requests come in.
    pub acquirers: Vec<AcquirerPlan>,
    /// Banks.
    pub banks: Vec<BankPlan>,
    /// A file of cards for the reference banks.
    pub cast: Option<PathBuf>,
    /// Further made-up cards for each of them.
    pub bulk_per_bank: u32,
    /// A file of further accounts for the banks in this process.
    pub accounts: Option<PathBuf>,
    /// Payrolls; `None`: there are none.
    pub payroll: Option<PayrollPlan>,
    /// Whether only cards of the store are taken.
    pub known_only: bool,
    /// Bounds.
    pub limits: LimitsSection,
    /// How blocks are synced.
    pub synchronous: Synchronous,
    /// Which clock the switch goes by. No file says it, only who starts it.
    pub time: Time,
}

/// A port on which requests come in.
#[derive(Clone, Debug)]
pub struct AcquirerPlan {
    /// Where.
    pub listen: SocketAddr,
    /// How its links speak.
    pub link: LinkConfig,
}

/// A bank.
#[derive(Clone, Debug)]
pub struct BankPlan {
    /// How it is reached.
    pub reach: Reach,
    /// How its links speak.
    pub link: LinkConfig,
    /// Who it is.
    pub bank: BankLink,
}

/// How a bank is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A reference bank in this process.
    InProcess,
    /// The switch dials.
    Dial(String),
    /// The bank dials.
    Listen(SocketAddr),
}

/// Says which key is wrong.
pub(super) struct Checker<'p> {
    path: &'p Path,
}

impl Checker<'_> {
    pub(super) fn error(&self, place: impl Into<String>, problem: impl Into<String>) -> ConfigError {
        ConfigError::Value { path: self.path.into(), place: place.into(), problem: problem.into() }
    }

    pub(super) fn want<T>(&self, value: Option<T>, place: &str, problem: impl FnOnce() -> String) -> Result<T, ConfigError> {
        value.ok_or_else(|| self.error(place, problem()))
    }

    fn address(&self, text: &str, place: &str) -> Result<SocketAddr, ConfigError> {
        self.want(text.parse().ok(), place, || format!("{text:?} is no address; write it as 127.0.0.1:8583"))
    }

    pub(super) fn institution(&self, text: &str, place: &str) -> Result<InstitutionId, ConfigError> {
        let digits = u8::try_from(text.len()).ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let id = digits.and_then(|length| InstitutionId::from_parts(text.parse().ok()?, length));
        self.want(id, place, || format!("{text:?} is no institution; write 1 to 11 digits"))
    }

    /// A path that is not absolute lies where the configuration does.
    pub(super) fn beside(&self, path: &Path) -> PathBuf {
        self.path.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    fn dialect(&self, text: &str, place: &str) -> Result<Arc<Dialect>, ConfigError> {
        super::dialect(text).map_err(|problem| self.error(place, problem))
    }

    fn framing(&self, text: &str, place: &str) -> Result<Framing, ConfigError> {
        Framing::from_str(text).map_err(|error| self.error(place, error.to_string()))
    }

    /// A time of day, counted from midnight.
    pub(super) fn time_of_day(&self, text: &str, place: &str) -> Result<Duration, ConfigError> {
        let parts = text.split_once(':').filter(|(hours, minutes)| hours.len() == 2 && minutes.len() == 2);
        let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u64>().ok())?;
        let both = parts.and_then(|(hours, minutes)| number(hours).zip(number(minutes)));
        let both = both.filter(|(hours, minutes)| *hours < 24 && *minutes < 60);
        let (hours, minutes) = self.want(both, place, || format!("{text:?} is no time of day; write it as 00:00 or 23:30"))?;
        Ok(Duration::from_secs((hours * 60 + minutes) * 60))
    }

    fn timers(&self, it: &TimersSection) -> Result<Timers, ConfigError> {
        let never = [
            ("atm_ms", it.atm_ms),
            ("pos_ms", it.pos_ms),
            ("total_ms", it.total_ms),
            ("hold_life_ms", it.hold_life_ms),
            ("forward_first_ms", it.forward_first_ms),
            ("forward_max_ms", it.forward_max_ms),
            ("forward_life_ms", it.forward_life_ms),
        ];
        if let Some((key, _)) = never.iter().find(|(_, millis)| *millis == 0) {
            return Err(self.error(format!("timers.{key}"), "must be more than 0"));
        }
        let longest = it.atm_ms.max(it.pos_ms);
        if it.total_ms < longest {
            let problem = format!("is for all banks of a request together, and must be {longest} or more, what one may take");
            return Err(self.error("timers.total_ms", problem));
        }
        let millis = Duration::from_millis;
        Ok(Timers {
            atm: millis(it.atm_ms),
            pos: millis(it.pos_ms),
            total: millis(it.total_ms),
            hold_life: millis(it.hold_life_ms),
            forward_first: millis(it.forward_first_ms),
            forward_max: millis(it.forward_max_ms),
            forward_life: millis(it.forward_life_ms),
        })
    }

    fn acquirer(&self, it: &AcquirerSection, limits: &LimitsSection) -> Result<AcquirerPlan, ConfigError> {
        let place = |key: &str| format!("acquirer.{}.{key}", it.name);
        let institution = self.institution(&it.institution, &place("institution"))?;
        Ok(AcquirerPlan {
            listen: self.address(&it.listen, &place("listen"))?,
            link: LinkConfig {
                side: Side::Acquirer { name: it.name.as_str().into(), acquirer: Acquirer { institution, escrow: it.escrow } },
                dialect: self.dialect(&it.dialect, &place("dialect"))?,
                framing: self.framing(&it.framing, &place("framing"))?,
                frame_max: limits.frame_max_bytes,
            },
        })
    }

    fn bank(&self, it: &BankSection, limits: &LimitsSection) -> Result<(BankRules, BankPlan), ConfigError> {
        let place = |key: &str| format!("bank.{}.{key}", it.name);
        let institution = self.institution(&it.institution, &place("institution"))?;
        let id = u32::try_from(institution.number()).ok().map(BankId);
        let id = self.want(id, &place("institution"), || "a bank's institution is below 4294967296".into())?;
        let prefixes = it.prefixes.iter().map(|text| {
            self.want(Prefix::parse(text), &place("prefixes"), || format!("{text:?} is no prefix; write 1 to 11 digits"))
        });
        let names = it.kinds.clone().unwrap_or_else(|| Kind::ALL.iter().map(|kind| kind.name().to_owned()).collect());
        let kinds = self.kinds(&names, &place("kinds"))?;
        let currencies = it.currencies.iter().map(|code| self.currency(code, &place("currencies")));
        let rules = BankRules {
            id,
            name: it.name.clone(),
            prefixes: prefixes.collect::<Result<_, _>>()?,
            currencies: currencies.collect::<Result<_, _>>()?,
            in_flight_max: it.in_flight_max,
            own_terminals_only: self.own_terminals_only(it, &kinds)?,
            stand_in: self.stand_in(it, &kinds)?,
            kinds,
        };
        let bank = BankLink {
            name: it.name.as_str().into(),
            bank: id,
            institution,
            echo_after: Duration::from_millis(it.echo_after_ms),
            answer_within: Duration::from_millis(it.answer_within_ms),
        };
        let link = LinkConfig {
            side: Side::Bank(bank.clone()),
            dialect: self.dialect(&it.dialect, &place("dialect"))?,
            framing: self.framing(&it.framing, &place("framing"))?,
            frame_max: limits.frame_max_bytes,
        };
        Ok((rules, BankPlan { reach: self.reach(it)?, link, bank }))
    }

    fn reach(&self, it: &BankSection) -> Result<Reach, ConfigError> {
        match (it.in_process, &it.dial, &it.listen) {
            (true, None, None) => Ok(Reach::InProcess),
            (false, Some(address), None) => Ok(Reach::Dial(address.clone())),
            (false, None, Some(address)) => Ok(Reach::Listen(self.address(address, &format!("bank.{}.listen", it.name))?)),
            _ => {
                let problem = "needs exactly one of: in_process = true, dial = \"HOST:PORT\", listen = \"HOST:PORT\"";
                Err(self.error(format!("bank.{}", it.name), problem))
            }
        }
    }
}

impl Config {
    /// Checks every value. `path` names the file in errors.
    ///
    /// # Errors
    /// The first value that makes no sense, with its key and what is wanted.
    pub fn check(&self, path: &Path) -> Result<Plan, ConfigError> {
        let check = Checker { path };
        let limits = &self.limits;
        if limits.frame_max_bytes == 0 || limits.frame_max_bytes > usize::from(u16::MAX) {
            return Err(check.error("limits.frame_max_bytes", "must be 1 to 65535, what a 2-byte header can tell"));
        }
        let mut seen = BTreeSet::new();
        let names = self.bank.iter().map(|it| ("bank", &it.name)).chain(self.acquirer.iter().map(|it| ("acquirer", &it.name)));
        for (table, name) in names {
            if !seen.insert(name.as_str()) {
                return Err(check.error(format!("{table}.{name}.name"), "another link has this name already"));
            }
        }
        let banks = self.bank.iter().map(|it| check.bank(it, limits)).collect::<Result<Vec<_>, _>>()?;
        let (bank_rules, banks): (Vec<_>, Vec<_>) = banks.into_iter().unzip();
        let mut institutions = BTreeSet::new();
        if let Some(twice) = bank_rules.iter().find(|it| !institutions.insert(it.id)) {
            return Err(check.error(format!("bank.{}.institution", twice.name), "another bank has this institution already"));
        }
        let bics = check.bics(&self.bank, &bank_rules)?;
        let payroll = self.payroll.as_ref().map(|it| check.payroll(it, &bank_rules, bics)).transpose()?;
        let (payroll, payroll_rules) = payroll.unzip();
        let offset = UtcOffset::parse(&self.switch.utc_offset);
        let rules = Rules {
            institution: check.institution(&self.switch.institution, "switch.institution")?,
            offset: check.want(offset, "switch.utc_offset", || "write it as +07:00".into())?,
            cutover: check.time_of_day(&self.switch.cutover, "switch.cutover")?,
            timers: check.timers(&self.timers)?,
            banks: bank_rules,
            fees: check.fees(&self.fee)?,
            limits: check.limits(&self.card_limit)?,
            owed_max: limits.owed_max,
            rates: check.rates(&self.rate)?,
            payroll: payroll_rules.unwrap_or_default(),
        };
        check.rates_lead(&rules, &self.card_limit)?;
        Ok(Plan {
            rules,
            http: check.address(&self.http.listen, "http.listen")?,
            acquirers: self.acquirer.iter().map(|it| check.acquirer(it, limits)).collect::<Result<_, _>>()?,
            banks,
            cast: self.cast.file.clone(),
            bulk_per_bank: self.cast.bulk_per_bank,
            accounts: self.cast.accounts.clone(),
            payroll,
            known_only: self.cards.known_only,
            limits: limits.clone(),
            synchronous: self.journal.synchronous,
            time: Time::System,
        })
    }
}
