//! How a switch's configuration differs from the shipped one: what a scenario's `[switch]` says so that its replay is the same.
//!
//! Knows: which keys change what the switch decides. Leaves out addresses, logs and where banks are: a replay has its own.

use model::Kind;
use toml::{Table, Value as Toml};

use crate::scenario::draft::{Pairs, Value};

/// Keys of an acquirer that change what is decided or sent, with what they are where they are left out.
const ACQUIRER: [(&str, &str); 4] =
    [("institution", ""), ("dialect", "\"iso87-ascii\""), ("framing", "\"2-byte\""), ("escrow", "false")];
/// Those of a bank.
const BANK: [(&str, &str); 7] = [
    ("institution", ""),
    ("prefixes", ""),
    ("kinds", ""),
    ("currencies", "[\"KHR\", \"USD\"]"),
    ("own_terminals_only", "[]"),
    ("dialect", "\"iso87-ascii\""),
    ("framing", "\"2-byte\""),
];

/// What is to be laid over the shipped configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// The keys.
    pub keys: Pairs,
    /// What cannot be laid over it, for people.
    pub remarks: Vec<String>,
}

/// What of `theirs` is not in `shipped`.
#[must_use]
pub fn difference(shipped: &Table, theirs: &Table) -> Difference {
    let mut found = Difference::default();
    for section in ["switch", "timers", "limits"] {
        let of = |table: &Table, key: &str| table.get(section).and_then(|it| it.get(key)).cloned();
        let keys = theirs.get(section).and_then(Toml::as_table).into_iter().flat_map(Table::keys);
        for key in keys {
            let value = of(theirs, key).filter(|it| Some(it) != of(shipped, key).as_ref());
            found.keys.extend(value.map(|it| (format!("{section}.{key}"), Value::of(&it))));
        }
    }
    for list in ["fee", "card_limit", "rate"] {
        let of = |table: &Table| table.get(list).cloned().unwrap_or(Toml::Array(Vec::new()));
        // Who tells no rates needs none; what cannot be taken out of the shipped configuration may.
        let unneeded = list == "rate" && of(theirs).as_array().is_none_or(Vec::is_empty);
        if of(shipped) != of(theirs) && !unneeded {
            found.keys.push((list.to_owned(), Value::of(&of(theirs))));
        }
    }
    links(&mut found, "acquirer", &ACQUIRER, shipped, theirs);
    links(&mut found, "bank", &BANK, shipped, theirs);
    found
}

/// The links of one sort, by name.
fn links(found: &mut Difference, sort: &str, keys: &[(&str, &str)], shipped: &Table, theirs: &Table) {
    let all = |table: &Table| -> Vec<Table> {
        let links = table.get(sort).and_then(Toml::as_array).into_iter().flatten();
        links.filter_map(Toml::as_table).cloned().collect()
    };
    let (usual, links) = (all(shipped), all(theirs));
    let named = |links: &[Table], link: &Table| links.iter().find(|it| it.get("name") == link.get("name")).cloned();
    let differing: Vec<Value> = links.iter().filter_map(|link| other(found, sort, keys, named(&usual, link), link)).collect();
    if !differing.is_empty() {
        found.keys.push((sort.to_owned(), Value::List(differing)));
    }
    for gone in usual.iter().filter(|it| named(&links, it).is_none()) {
        let name = gone.get("name").and_then(Toml::as_str).unwrap_or_default();
        found.remarks.push(format!("the recorded switch had no {sort} called {name}; a replay has it"));
    }
}

/// What a link says otherwise than the shipped one of its name, or all of it where there is none.
fn other(found: &mut Difference, sort: &str, keys: &[(&str, &str)], usual: Option<Table>, link: &Table) -> Option<Value> {
    let name = link.get("name").and_then(Toml::as_str)?;
    let is_new = usual.is_none();
    let usual = usual.unwrap_or_default();
    let value = |table: &Table, key: &str, default: &str| table.get(key).cloned().or_else(|| default_of(key, default));
    let mut pairs: Pairs = vec![("name".into(), name.into())];
    for (key, default) in keys {
        let theirs = value(link, key, default);
        if let Some(theirs) = theirs.filter(|it| is_new || Some(it) != value(&usual, key, default).as_ref()) {
            pairs.push(((*key).to_owned(), Value::of(&theirs)));
        }
    }
    match (link.get("stand_in"), usual.get("stand_in")) {
        (Some(theirs), usual) if Some(theirs) != usual => pairs.push(("stand_in".into(), Value::of(theirs))),
        (None, Some(_)) => found.remarks.push(format!("nobody stood in for {name}; in a replay the switch may")),
        _ => {}
    }
    if pairs.len() == 1 && !is_new {
        return None;
    }
    if is_new {
        let how = if sort == "bank" { ("in_process", true.into()) } else { ("listen", "127.0.0.1:0".into()) };
        pairs.push((how.0.to_owned(), how.1));
    }
    Some(Value::Table(pairs))
}

/// What a key is where it is left out.
fn default_of(key: &str, default: &str) -> Option<Toml> {
    if key == "kinds" {
        return Some(Toml::Array(Kind::ALL.map(|kind| Toml::String(kind.name().into())).to_vec()));
    }
    format!("it = {default}").parse::<Table>().ok()?.remove("it")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = "[timers]\natm_ms = 25000\n[[fee]]\nkind = \"balance\"\namount = \"500.00 KHR\"\n\
        [[acquirer]]\nname = \"terminals\"\nlisten = \"a\"\ninstitution = \"116000\"\nescrow = false\n\
        [[bank]]\nname = \"acleda\"\ninstitution = \"116001\"\nprefixes = [\"911601\"]\nin_process = true\n\
        [[bank]]\nname = \"wing\"\ninstitution = \"116003\"\nprefixes = []\nkinds = [\"top-up\"]\n";

    fn told(theirs: &str) -> Vec<(String, String)> {
        let found = difference(&SHIPPED.parse().unwrap(), &theirs.parse().unwrap());
        let mut draft = crate::scenario::draft::Draft::titled("t");
        draft.switch = found.keys;
        let text = crate::scenario::write(&draft);
        let keys = text.lines().skip_while(|line| *line != "[switch]").skip(1);
        keys.filter_map(|line| line.split_once(" = ")).map(|(key, value)| (key.into(), value.into())).collect()
    }

    #[test]
    fn the_shipped_configuration_differs_in_nothing_wherever_it_listens() {
        assert_eq!(told(SHIPPED), []);
        assert_eq!(told(&SHIPPED.replace("\"a\"", "\"b\"")), []);
    }

    #[test]
    fn what_changes_a_decision_is_told_and_what_is_left_out_is_told_as_what_it_then_is() {
        let theirs =
            SHIPPED.replace("25000", "1500").replace("kinds = [\"top-up\"]\n", "").replace("escrow = false", "escrow = true");
        let theirs = theirs.replace("[[fee]]\nkind = \"balance\"\namount = \"500.00 KHR\"\n", "");
        let kinds = Kind::ALL.map(|kind| format!("\"{kind}\"")).join(", ");
        let wanted = [
            ("timers.atm_ms", "1500".to_owned()),
            ("fee", "[]".to_owned()),
            ("acquirer", "[{ name = \"terminals\", escrow = true }]".to_owned()),
            ("bank", format!("[{{ name = \"wing\", kinds = [{kinds}] }}]")),
        ];
        assert_eq!(told(&theirs), wanted.map(|(key, value)| (key.to_owned(), value)));
    }
}
