//! The gate: what is to leave on one link, and what of it may.
//!
//! A message waits behind the newest block that holds any record at the moment it is staged; it may leave once that block is
//! durable. Blocks become durable in order, so one number per run of messages is enough. Frames that need no record
//! (refusals of what was never admitted, echo replies) go around the gate, between whole frames.

use std::collections::VecDeque;

use bytes::{Buf, BytesMut};
use engine::About;

/// The number of a block in the stream.
pub type BlockNumber = u64;

/// Bytes to leave on one link.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// May leave now: whole frames, but for what the kernel has taken of the first.
    free: BytesMut,
    /// May leave later.
    held: BytesMut,
    /// Up to which byte of the held ones, counted since the link opened, each block lets leave.
    marks: VecDeque<(BlockNumber, u64)>,
    /// Where messages begin whose fate somebody wants to know, in the same count; of those held and of those free.
    held_about: VecDeque<(u64, About)>,
    free_about: VecDeque<(u64, About)>,
    /// Bytes ever held, ever let leave, ever made free, ever taken by the kernel.
    held_total: u64,
    let_total: u64,
    free_total: u64,
    taken_total: u64,
}

impl Outbox {
    /// Where a held message is built.
    pub(crate) fn held(&mut self) -> &mut BytesMut {
        &mut self.held
    }

    /// The bytes appended to [`Outbox::held`] since `before` wait for `block`.
    pub(crate) fn hold(&mut self, before: usize, block: BlockNumber, about: About) {
        let begins = self.held_total;
        self.held_total += (self.held.len() - before) as u64;
        if about != About::Nothing {
            self.held_about.push_back((begins, about));
        }
        match self.marks.back_mut() {
            Some((newest, until)) if *newest == block => *until = self.held_total,
            _ => self.marks.push_back((block, self.held_total)),
        }
    }

    /// Where a frame is built that goes around the gate.
    pub(crate) fn urgent(&mut self) -> &mut BytesMut {
        &mut self.free
    }

    /// The bytes appended to [`Outbox::urgent`] since `before` may leave.
    pub(crate) fn hurry(&mut self, before: usize) {
        self.free_total += (self.free.len() - before) as u64;
    }

    /// Lets leave what waits for no later block than `durable`. Says whether anything still waits.
    pub(crate) fn release(&mut self, durable: BlockNumber) -> bool {
        let mut until = self.let_total;
        while let Some((_, end)) = self.marks.front().copied().filter(|(block, _)| *block <= durable) {
            until = end;
            self.marks.pop_front();
        }
        let count = usize::try_from(until - self.let_total).unwrap_or(usize::MAX).min(self.held.len());
        if count > 0 {
            while let Some((begins, about)) = self.held_about.front().copied().filter(|(begins, _)| *begins < until) {
                self.free_about.push_back((begins - self.let_total + self.free_total, about));
                self.held_about.pop_front();
            }
            if self.free.is_empty() && count == self.held.len() {
                std::mem::swap(&mut self.free, &mut self.held);
            } else {
                self.free.extend_from_slice(&self.held[..count]);
                self.held.advance(count);
            }
            self.let_total = until;
            self.free_total += count as u64;
        }
        !self.marks.is_empty()
    }

    /// What may leave now.
    pub(crate) fn writable(&self) -> &[u8] {
        &self.free
    }

    /// The kernel has taken that many bytes.
    pub(crate) fn taken(&mut self, count: usize) {
        self.free.advance(count);
        self.taken_total += count as u64;
        while self.free_about.front().is_some_and(|(begins, _)| *begins < self.taken_total) {
            self.free_about.pop_front();
        }
    }

    /// Everything that waits here, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.free.len() + self.held.len()
    }

    /// The link is gone: what of it never left, not by one byte.
    pub(crate) fn undelivered(&mut self) -> impl Iterator<Item = About> {
        self.free_about.drain(..).chain(self.held_about.drain(..)).map(|(_, about)| about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::TransactionId;

    fn about(number: u64) -> About {
        About::Answer(TransactionId(number))
    }

    fn hold(outbox: &mut Outbox, text: &str, block: BlockNumber, about: About) {
        let before = outbox.held().len();
        outbox.held().extend_from_slice(text.as_bytes());
        outbox.hold(before, block, about);
    }

    #[test]
    fn nothing_leaves_before_its_block_and_all_of_it_after() {
        let mut outbox = Outbox::default();
        hold(&mut outbox, "one", 1, about(1));
        hold(&mut outbox, "two", 2, about(2));
        hold(&mut outbox, "three", 2, about(3));
        assert!(outbox.release(0));
        assert_eq!(outbox.writable(), b"");
        assert!(outbox.release(1));
        assert_eq!(outbox.writable(), b"one");
        assert!(!outbox.release(2));
        assert_eq!(outbox.writable(), b"onetwothree");
        outbox.taken(11);
        assert_eq!((outbox.writable(), outbox.len()), (&b""[..], 0));
    }

    #[test]
    fn what_needs_no_record_goes_around_between_whole_frames() {
        let mut outbox = Outbox::default();
        hold(&mut outbox, "one", 1, about(1));
        outbox.release(1);
        outbox.taken(1);
        hold(&mut outbox, "two", 2, about(2));
        let before = outbox.urgent().len();
        outbox.urgent().extend_from_slice(b"echo");
        outbox.hurry(before);
        assert_eq!(outbox.writable(), b"neecho");
        outbox.release(2);
        assert_eq!(outbox.writable(), b"neechotwo");
    }

    #[test]
    fn only_what_never_left_by_one_byte_is_undelivered() {
        let mut outbox = Outbox::default();
        for number in 1..=4 {
            hold(&mut outbox, "12345", number, about(number));
        }
        outbox.urgent().extend_from_slice(b"echo");
        outbox.hurry(0);
        outbox.release(3);
        outbox.taken(4 + 5 + 1);
        assert_eq!(outbox.undelivered().collect::<Vec<_>>(), [about(3), about(4)]);
    }
}
