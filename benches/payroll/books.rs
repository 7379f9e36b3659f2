//! The banks' ledgers, read from outside.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::files::Files;
use crate::parties::{BANKS, FUNDING, Progress};

/// What the ledgers show, all together.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// Salaries that are booked on customers' accounts, what they come to, and how many of them are of different items.
    booked: i64,
    amount: i64,
    items: i64,
    /// On how many accounts.
    accounts: i64,
    /// What the payer was debited and was given back, minor units.
    debited: i64,
    /// Sums that are not zero.
    unbalanced: i64,
}

const BOOKED: &str = "SELECT count(*), coalesce(sum(amount), 0), count(DISTINCT rrn), count(DISTINCT account) FROM entries
    JOIN accounts ON accounts.id = account WHERE what = 'salary' AND kind = 'customer' AND number <> ?1";
const DEBITED: &str = "SELECT coalesce(-sum(amount), 0) FROM entries JOIN accounts ON accounts.id = account
    WHERE number = ?1 AND what <> 'opening'";
const UNBALANCED: &str = "SELECT count(*) FROM (SELECT 1 FROM entries JOIN accounts ON accounts.id = account
    GROUP BY currency HAVING sum(amount) <> 0)";

impl Books {
    pub(crate) fn read(folder: &Path) -> Self {
        let mut all = Self::default();
        for (name, ..) in BANKS {
            let path = folder.join(format!("{name}.db"));
            let ledger = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a ledger");
            let number = |sql: &str| ledger.query_row(sql, [FUNDING], |row| row.get::<_, i64>(0)).expect("can be read");
            let booked =
                ledger.query_row(BOOKED, [FUNDING], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, i64>(3)?]));
            let [booked, amount, items, accounts] = booked.expect("can be read");
            all.booked += booked;
            all.amount += amount;
            all.items += items;
            all.accounts += accounts;
            all.debited += number(DEBITED);
            all.unbalanced += ledger.query_row(UNBALANCED, [], |row| row.get::<_, i64>(0)).expect("can be read");
        }
        all
    }

    /// At any moment: nobody twice, and what was paid before is there.
    pub(crate) fn assert_nobody_is_paid_twice(&self, files: &Files, before: &Progress) {
        assert!(self.booked == self.items && self.booked == self.accounts, "somebody is paid twice: {self:?}");
        assert!(self.booked >= before.paid && self.booked <= before.paid + before.pending, "{self:?}, {before:?}");
        assert!(self.amount <= files.total && self.debited == files.total && self.unbalanced == 0, "{self:?}");
        assert!(before.adds_up(), "{before:?}");
    }

    /// At the end: everybody once.
    pub(crate) fn assert_paid(&self, files: &Files, told: &Progress) {
        self.assert_nobody_is_paid_twice(files, told);
        let all = (i64::from(files.salaries), files.total);
        assert_eq!((self.booked, self.amount), all, "{self:?}");
        assert_eq!((told.paid, told.pending, told.total), (all.0, 0, all.0), "{told:?}");
    }
}
