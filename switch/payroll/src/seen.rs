//! Who and what came before in one document, in as little memory as tells it: 40 bytes a payment and two table entries.

use hashbrown::HashTable;

#[derive(Clone, Copy)]
struct Row {
    identity: [u8; 16],
    account: u64,
    person: u64,
    line: u32,
}

/// The payments of a document so far, by keyed digests.
#[derive(Default)]
pub(crate) struct Before {
    rows: Vec<Row>,
    by_identity: HashTable<u32>,
    by_account: HashTable<u32>,
}

/// What a payment has in common with an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Met {
    /// The line of the same salary.
    pub(crate) twice: Option<u64>,
    /// The line on which another person is paid on the same account.
    pub(crate) shared: Option<u64>,
}

impl Before {
    /// Takes the next payment.
    pub(crate) fn meet(&mut self, identity: [u8; 16], account: u64, person: u64, line: u64) -> Met {
        let Self { rows, by_identity, by_account } = self;
        let Ok(number) = u32::try_from(rows.len()) else { return Met::default() };
        let row = |at: &u32| rows.get(*at as usize);
        let line_of = |row: &Row| u64::from(row.line);
        let hash = |identity: &[u8; 16]| identity.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let same = by_identity.find(hash(&identity), |at| row(at).is_some_and(|it| it.identity == identity)).and_then(row);
        let there = by_account.find(account, |at| row(at).is_some_and(|it| it.account == account)).and_then(row);
        let met = Met { twice: same.map(line_of), shared: there.filter(|it| it.person != person).map(line_of) };
        if same.is_none() {
            by_identity.insert_unique(hash(&identity), number, |at| row(at).map_or(0, |it| hash(&it.identity)));
        }
        if there.is_none() {
            by_account.insert_unique(account, number, |at| row(at).map_or(0, |it| it.account));
        }
        if same.is_none() || there.is_none() {
            rows.push(Row { identity, account, person, line: u32::try_from(line).unwrap_or(u32::MAX) });
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_salary_and_a_shared_account_are_found_with_their_lines() {
        let mut before = Before::default();
        let mut meet = |identity: u8, account, person, line| {
            let met = before.meet([identity; 16], account, person, line);
            (met.twice, met.shared)
        };
        assert_eq!(meet(1, 10, 100, 2), (None, None));
        assert_eq!(meet(2, 10, 100, 3), (None, None), "two elements of one person's pay");
        assert_eq!(meet(1, 11, 100, 4), (Some(2), None), "on another account");
        assert_eq!(meet(3, 10, 101, 5), (None, Some(2)));
        assert_eq!(meet(3, 12, 101, 6), (Some(5), None));
        for number in 0..2_000_u64 {
            let mut identity = [9; 16];
            identity[..8].copy_from_slice(&number.to_le_bytes());
            assert_eq!(before.meet(identity, 1_000 + number, number, number), Met::default());
        }
        assert_eq!(before.meet([2; 16], 1_005, 5, 9), Met { twice: Some(3), shared: None });
    }
}
