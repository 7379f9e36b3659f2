//! Whose answer goes back how: one connection of a concentrator carries many terminals, and its headers say which.
//!
//! A matter of the connection, not of the journal: it dies with the link, and a terminal that repeats on a new one is known again.

use std::collections::{BTreeMap, VecDeque};

use model::{Message, Stan, TerminalId};
use wire::Envelope;

/// Requests of one link whose headers are remembered. Above that the oldest are forgotten, and their answers go back as the
/// newest request's would. More than a link can have open within an answer's time at the speeds aimed at.
const REMEMBERED_MAX: usize = 16_384;

/// Requests are told apart by DE11 and DE41.
type Key = (Option<Stan>, Option<TerminalId>);

/// The headers of the requests that came over one link.
#[derive(Debug, Default)]
pub(crate) struct Envelopes {
    of: BTreeMap<Key, Envelope>,
    order: VecDeque<Key>,
    newest: Option<Envelope>,
}

fn key(message: &Message<'_>) -> Key {
    (message.stan, message.terminal)
}

impl Envelopes {
    /// Remembers what a request came in, until so many others have come.
    pub(crate) fn came(&mut self, request: &Message<'_>, envelope: Envelope) {
        self.newest = Some(envelope);
        // A repeat comes under the same key, perhaps through another concentrator: the newest way is the one that works.
        if self.of.insert(key(request), envelope).is_none() {
            self.order.push_back(key(request));
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.of.remove(&oldest);
        }
        debug_assert_eq!(self.of.len(), self.order.len(), "one place in the order for each");
    }

    /// What came last, whether it could be read or not: a refusal of what was hardly readable follows it at once.
    pub(crate) fn came_unknown(&mut self, envelope: Envelope) {
        self.newest = Some(envelope);
    }

    /// The headers of what `answer` answers.
    pub(crate) fn asked(&self, answer: &Message<'_>) -> Option<Envelope> {
        self.of.get(&key(answer)).copied().or(self.newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Mti, Text};
    use wire::Framing;

    fn envelope(number: u16) -> Envelope {
        let [high, low] = number.to_be_bytes();
        let link: Framing = "2-byte tpdu".parse().unwrap();
        link.envelope(&[0, 6, 0x60, 0, 1, high, low, b'x'])
    }

    fn message(stan: u32, terminal: &[u8]) -> Message<'static> {
        Message { stan: Stan::new(stan), terminal: Text::new(terminal), ..Message::new(Mti::FINANCIAL_REQUEST) }
    }

    #[test]
    fn each_answer_finds_its_own_request_and_a_stranger_the_newest() {
        let mut all = Envelopes::default();
        assert_eq!(all.asked(&message(1, b"T1")), None);
        all.came(&message(1, b"T1"), envelope(1));
        all.came(&message(1, b"T2"), envelope(2));
        assert_eq!(all.asked(&message(1, b"T1")), Some(envelope(1)));
        assert_eq!(all.asked(&message(2, b"T1")), Some(envelope(2)));
        all.came(&message(1, b"T1"), envelope(3));
        assert_eq!(all.asked(&message(1, b"T1")), Some(envelope(3)), "a repeat by another way");
        all.came_unknown(envelope(4));
        assert_eq!(all.asked(&message(9, b"")), Some(envelope(4)));
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut all = Envelopes::default();
        for stan in 1..=20_000 {
            all.came(&message(stan, b"T1"), envelope(7));
        }
        assert_eq!((all.of.len(), all.order.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
        assert!(all.of.contains_key(&key(&message(20_000, b"T1"))) && !all.of.contains_key(&key(&message(1, b"T1"))));
    }
}
