//! What will happen and when: a heap of events by virtual time. Events of one moment happen in the order they were foreseen.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Microseconds since the world began.
pub(crate) type Moment = u64;

pub(crate) const MILLI: Moment = 1_000;
pub(crate) const SECOND: Moment = 1_000_000;

/// Something that will happen. What it is about may be gone by then; each says by a count which life of it was meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// Bytes come out of a connection.
    Arrive { wire: u16, life: u32, to_switch: bool },
    /// One end of a connection learns that it is gone.
    Notice { wire: u16, life: u32, switch: bool },
    /// A connection is made again.
    Connect { wire: u16 },
    /// The switch may write to a connection again.
    Flush { wire: u16, life: u32 },
    /// The switch closes its block.
    Commit { life: u32 },
    /// The store has done, or not done, what it was asked.
    Synced { life: u32 },
    /// The switch looks at the clock.
    Look { life: u32, at: Moment },
    /// The switch is started again.
    Restart,
    /// A customer comes.
    Begin,
    /// A terminal goes on with a transaction.
    Customer { tx: u32, turn: u16 },
    /// A bank posts a request.
    Post { bank: u8, slot: u32, life: u32 },
    /// A bank's answer leaves.
    Reply { bank: u8, slot: u32, life: u32 },
    /// A bank signs itself on or off.
    Sign { bank: u8, on: bool },
    /// A bank's host is back.
    Back { bank: u8 },
    /// A fault of the plan strikes.
    Strike { place: u32 },
    /// The faults end.
    Calm,
    /// Whether everything has come to rest.
    Rest,
    /// A payer does something.
    Payer,
}

#[derive(Clone, Copy)]
struct Foreseen {
    at: Moment,
    order: u64,
    event: Event,
}

impl PartialEq for Foreseen {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Foreseen {}

impl PartialOrd for Foreseen {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Foreseen {
    /// The earliest is the greatest, as the heap wants it.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

/// All that is foreseen.
#[derive(Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Foreseen>,
    count: u64,
}

impl Queue {
    #[inline]
    pub(crate) fn at(&mut self, at: Moment, event: Event) {
        self.count += 1;
        self.heap.push(Foreseen { at, order: self.count, event });
    }

    /// When the next one is.
    pub(crate) fn due(&self) -> Option<Moment> {
        self.heap.peek().map(|it| it.at)
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Option<(Moment, Event)> {
        self.heap.pop().map(|it| (it.at, it.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_then_by_order() {
        let mut queue = Queue::default();
        for (at, tx) in [(5, 1), (3, 2), (5, 3), (3, 4)] {
            queue.at(at, Event::Customer { tx, turn: 0 });
        }
        let mut order = Vec::new();
        while let Some((at, Event::Customer { tx, .. })) = queue.next() {
            order.push((at, tx));
        }
        assert_eq!(order, [(3, 2), (3, 4), (5, 1), (5, 3)]);
    }
}
