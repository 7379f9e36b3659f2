//! The HTTP pages of a running switch: what is looked at, ordered and set there.

use std::thread;
use std::time::Duration;

use faults::{Fault, Words};
use model::{BusinessDate, Currency, Timestamp, UtcOffset};
use serde_json::{Value, json};

use crate::http::{self, Answer};
use crate::replay::venue::{
    BankLook, FaultKind, FaultSpec, LegSpec, Order, OrderSpec, Ordered, PositionLook, StatusLook, VenueError,
};
use crate::scenario::times;

/// How often a clock that is refused to be moved is tried to be moved, and how long after each other.
const TRIES_MAX: u32 = 100;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// The pages at one address.
pub(super) struct Pages {
    pub(super) at: String,
}

impl Pages {
    pub(super) fn at(at: String) -> Self {
        Self { at }
    }

    /// What the clock shows, where it stands until it is moved; a switch that knows no such page has the machine's.
    pub(super) fn standing_clock(&self) -> Result<Option<Timestamp>, VenueError> {
        let Answer { status, body } = self.ask("GET", "/clock", None)?;
        let clock: Value = serde_json::from_str(&body).unwrap_or_default();
        Ok(if status == 200 && clock["manual"] == true { Some(moment(&clock["now"])?) } else { None })
    }

    /// Local time there, as the clock shows both; a switch that knows no such page does not tell.
    pub(super) fn offset(&self) -> Result<Option<UtcOffset>, VenueError> {
        let Answer { status, body } = self.ask("GET", "/clock", None)?;
        let clock: Value = serde_json::from_str(&body).unwrap_or_default();
        if status != 200 {
            return Ok(None);
        }
        Ok(moment(&clock["local"]).ok().zip(moment(&clock["now"]).ok()).and_then(|(local, now)| offset(local, now)))
    }

    /// At which time of the local day the next business date opens.
    pub(super) fn cutover(&self) -> Result<Duration, VenueError> {
        let status = self.done("GET", "/status", None)?;
        let time = status["cutover"].as_str().and_then(|text| text.split_once(':'));
        let time = time.and_then(|(hours, minutes)| Some((hours.parse::<u64>().ok()?, minutes.parse::<u64>().ok()?)));
        let untold = || VenueError::Cannot(format!("the switch at {} does not tell when its next business date opens", self.at));
        time.map(|(hours, minutes)| Duration::from_secs(hours * 3600 + minutes * 60)).ok_or_else(untold)
    }

    /// Moves it, and gives what it shows then: more than was asked, where somebody else, such as another scenario, moves it too.
    pub(super) fn move_clock(&self, to: Timestamp) -> Result<Timestamp, VenueError> {
        let mut tries = 0;
        loop {
            match self.done("POST", "/clock", Some(json!({ "to": to.to_string() }))) {
                Ok(clock) if clock["reached"] != false => return moment(&clock["now"]),
                Ok(_) => {}
                // It never goes back, and one at a time moves it.
                Err(refused @ VenueError::Wrong(_)) => {
                    if let Some(now) = self.standing_clock()?.filter(|now| *now > to) {
                        return Ok(now);
                    }
                    tries += 1;
                    if tries == TRIES_MAX {
                        return Err(refused);
                    }
                    thread::sleep(BETWEEN_TRIES);
                }
                Err(error @ (VenueError::Cannot(_) | VenueError::NotNow(_) | VenueError::NoConnection(_))) => return Err(error),
            }
        }
    }

    pub(super) fn is_at_rest(&self) -> Result<bool, VenueError> {
        let status = self.done("GET", "/status", None)?;
        let busy = |bank: &Value| {
            let owed = bank["up"] == true && bank["signed_off"] == false && count(&bank["forward_depth"]) > 0;
            owed || count(&bank["in_flight"]) > 0
        };
        Ok(!lines(&status["banks"]).iter().any(busy))
    }

    /// Whether a bank was sent something that it has not answered.
    pub(super) fn is_a_bank_asked(&self) -> Result<bool, VenueError> {
        let status = self.done("GET", "/status", None)?;
        Ok(lines(&status["banks"]).iter().any(|bank| count(&bank["in_flight"]) > 0))
    }

    pub(super) fn order(&self, order: &OrderSpec) -> Result<Ordered, VenueError> {
        let mut body = match &order.what {
            Order::Cutover => json!({ "order": "cutover" }),
            Order::SignOff(bank) => json!({ "order": "sign-off", "bank": bank }),
            Order::SignOn(bank) => json!({ "order": "sign-on", "bank": bank }),
            Order::Block(card, list) => json!({ "order": "block", "card": digits(*card), "list": list }),
            Order::Unblock(card) => json!({ "order": "unblock", "card": digits(*card) }),
            Order::Replace { .. } => {
                return Err(VenueError::Cannot("which card comes instead a running switch's store says itself".to_owned()));
            }
            Order::Retry(leg) | Order::Discard(leg) => {
                let word = if matches!(order.what, Order::Retry(_)) { "retry" } else { "discard" };
                match self.leg(leg)? {
                    Some(leg) => json!({ "order": word, "leg": leg }),
                    None => {
                        return Ok(Ordered::Refused(format!("leg {} of {} is not on the dead-letter list", leg.leg, leg.rrn)));
                    }
                }
            }
        };
        body["operator"] = order.operator.as_str().into();
        body["reason"] = order.reason.as_str().into();
        let answer = self.ask("POST", "/orders", Some(body))?;
        match answer.status {
            200 => Ok(Ordered::Done),
            400 | 404 | 409 => Ok(Ordered::Refused(problem(&answer))),
            _ => Err(VenueError::Wrong(problem(&answer))),
        }
    }

    /// A leg on the dead-letter list, as the switch calls it.
    fn leg(&self, leg: &LegSpec) -> Result<Option<String>, VenueError> {
        let list = self.done("GET", "/dead-letters", None)?;
        let place = format!(".{}", leg.leg);
        let is_it = |line: &&Value| {
            let named = line["leg"].as_str().is_some_and(|it| it.ends_with(&place));
            named && line["rrn"].as_str().is_some_and(|rrn| rrn.as_bytes() == leg.rrn.trimmed())
        };
        Ok(lines(&list["lines"]).iter().find(is_it).and_then(|line| line["leg"].as_str()).map(str::to_owned))
    }

    /// Sets a fault, and gives its number.
    pub(super) fn disturb(&self, fault: &FaultSpec, link: &str) -> Result<u64, VenueError> {
        let FaultKind::Messages(action) = fault.kind else {
            return Err(VenueError::Cannot(format!("{} is for a switch in the scenario's own hands", fault.kind.word())));
        };
        let fault = Fault { action, link: link.to_owned(), way: fault.way, only: fault.only, times: fault.times };
        let Words { action, link, way, only, times, by, rate, seed } = Words::from(&fault);
        let told = [("by", by.into()), ("way", way.into()), ("only", only.into())].into_iter();
        let told = told.chain([("times", times.into()), ("rate", rate.into()), ("seed", seed.into())]);
        let mut body = json!({ "action": action, "link": link });
        for (key, value) in told.filter(|(_, value): &(_, Value)| !value.is_null()) {
            body[key] = value;
        }
        let set = self.done("POST", "/faults", Some(body))?;
        set["id"].as_u64().ok_or_else(|| self.strange("/faults"))
    }

    pub(super) fn clear_fault(&self, id: u64) -> Result<(), VenueError> {
        self.done("DELETE", &format!("/faults/{id}"), None).map(|_| ())
    }

    pub(super) fn positions(&self) -> Result<Vec<PositionLook>, VenueError> {
        let list = self.done("GET", "/positions", None)?;
        let position = |line: &Value| {
            Some(PositionLook {
                date: date(&line["business_date"])?,
                currency: Currency::from_alpha(line["currency"].as_str()?)?,
                participant: line["participant"].as_str()?.to_owned(),
                net: line["net"].as_i64()?,
            })
        };
        Ok(lines(&list["lines"]).iter().filter_map(position).collect())
    }

    pub(super) fn status(&self) -> Result<StatusLook, VenueError> {
        let it = self.done("GET", "/status", None)?;
        let bank = |bank: &Value| BankLook {
            name: bank["name"].as_str().unwrap_or_default().to_owned(),
            linked: bank["up"] == true,
            signed_off: bank["signed_off"] == true,
            owed: count(&bank["forward_depth"]),
        };
        Ok(StatusLook {
            date: date(&it["business_date"]).ok_or_else(|| self.strange("/status"))?,
            banks: lines(&it["banks"]).iter().map(bank).collect(),
            owed: count(&it["forward_depth"]),
            dead_letters: count(&it["dead_letters"]),
            holding: count(&it["holds"]),
            hot_cards: count(&it["hot_cards"]),
            overruled: count(&it["overruled"]),
        })
    }

    pub(super) fn metric(&self, name: &str, labels: &[(String, String)]) -> Result<Option<f64>, VenueError> {
        let answer = self.ask("GET", "/metrics", None)?;
        if answer.status != 200 {
            return Err(VenueError::Wrong(problem(&answer)));
        }
        Ok(metric_in(&answer.body, name, labels))
    }

    pub(super) fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<Answer, VenueError> {
        http::ask(&self.at, method, path, body.map(|it| it.to_string()).as_deref()).map_err(VenueError::NoConnection)
    }

    /// The JSON of a page where all is well.
    fn done(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, VenueError> {
        let answer = self.ask(method, path, body)?;
        match answer.status {
            200 => serde_json::from_str(&answer.body).map_err(|_| self.strange(path)),
            404 => Err(VenueError::Cannot(format!("the switch at {} has no {path}", self.at))),
            _ => Err(VenueError::Wrong(problem(&answer))),
        }
    }

    pub(super) fn strange(&self, path: &str) -> VenueError {
        VenueError::Wrong(format!("what {}{path} says is not understood; is it a switch of this version?", self.at))
    }
}

/// The sum of a metric's values, of those lines that have all these labels (Prometheus text format, version 0.0.4).
pub(super) fn metric_in(page: &str, name: &str, labels: &[(String, String)]) -> Option<f64> {
    let value = |line: &str| {
        let rest = line.strip_prefix(name)?;
        let (given, value) = match rest.strip_prefix('{') {
            Some(rest) => rest.rsplit_once("} ")?,
            None => ("", rest.strip_prefix(' ')?),
        };
        let given = format!(",{given},");
        let has = |(label, value): &(String, String)| given.contains(&format!(",{label}=\"{value}\","));
        labels.iter().all(has).then(|| value.trim().parse::<f64>().ok())?
    };
    page.lines().filter_map(value).reduce(|one, other| one + other)
}

/// What the switch says is wrong: `field: problem`.
pub(super) fn problem(answer: &Answer) -> String {
    let said: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    match (said["field"].as_str(), said["problem"].as_str()) {
        (Some(field), Some(problem)) => format!("{field}: {problem}"),
        (None, Some(problem)) => problem.to_owned(),
        (_, None) => format!("the switch answered {}: {}", answer.status, answer.body.trim()),
    }
}

pub(super) fn lines(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn date(value: &Value) -> Option<BusinessDate> {
    times::day(value.as_str()?.parse().ok()?)
}

fn moment(value: &Value) -> Result<Timestamp, VenueError> {
    let read = value.as_str().and_then(|text| times::moment(text.parse().ok()?, UtcOffset::default()));
    read.map(|(at, _)| at).ok_or_else(|| VenueError::Wrong(format!("the switch's clock shows {value}, which is no moment")))
}

/// How far local time, told to the second, is ahead of what the clock shows.
fn offset(local: Timestamp, now: Timestamp) -> Option<UtcOffset> {
    let seconds = (local.micros() - now.micros()).div_euclid(1_000_000) + 30;
    UtcOffset::from_minutes(seconds.div_euclid(60).try_into().ok()?)
}

/// A card's number, for the switch alone.
fn digits(card: model::Pan) -> String {
    card.digits().as_ref().iter().map(|digit| char::from(*digit)).collect()
}
