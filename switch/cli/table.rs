//! Tables for people: columns as wide as their widest cell, two spaces between.

use admin::List;

/// A table with its head. A column whose head begins with `>` is set to the right.
pub(super) fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let right = head.map(|name| name.starts_with('>'));
    let mut lines = vec![head.map(|name| name.trim_start_matches('>').to_owned())];
    lines.extend(rows);
    let mut width = [0; N];
    for line in &lines {
        for (width, cell) in width.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |cells: &[String; N]| {
        let padded = cells.iter().zip(width).zip(right).map(|((cell, width), right)| match right {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

/// A list as a table, and how much of it is not shown.
pub(super) fn listed<T, const N: usize>(list: &List<T>, head: [&str; N], row: impl Fn(&T) -> [String; N], none: &str) -> String {
    if list.total == 0 {
        return none.to_owned();
    }
    let rest = list.total.saturating_sub(list.lines.len());
    let more = if rest > 0 { format!("and {rest} more\n") } else { String::new() };
    table(head, list.lines.iter().map(row)) + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [["acleda", "-5.00 KHR"], ["wing", "12.50 USD"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(["bank", ">net"], rows), "bank          net\nacleda  -5.00 KHR\nwing    12.50 USD\n");
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let list = |total: usize| List { lines: vec!["one"; total.min(1)], total };
        let shown = |total| listed(&list(total), ["card"], |it| [(*it).to_owned()], "none");
        assert_eq!((shown(0), shown(1), shown(3)), ("none".into(), "card\none\n".into(), "card\none\nand 2 more\n".into()));
    }
}
