//! Sound XML made unsound, one element at a time.

use proptest::sample::Index;

/// An element in the text: from its start tag to behind its end tag, and what is between the two.
struct Element {
    name: String,
    whole: std::ops::Range<usize>,
    inside: std::ops::Range<usize>,
}

/// All elements, in the order in which they end. For what our writers write: no comments, no empty-element tags.
fn elements(text: &str) -> Vec<Element> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for (at, _) in text.match_indices('<').filter(|(at, _)| !text[*at..].starts_with("<?")) {
        let end = at + text[at..].find('>').unwrap() + 1;
        if text[at..].starts_with("</") {
            let (name, begin, inside): (String, usize, usize) = open.pop().unwrap();
            found.push(Element { name, whole: begin..end, inside: inside..at });
        } else {
            let name = text[at + 1..end - 1].split(' ').next().unwrap().to_owned();
            open.push((name, at, end));
        }
    }
    found
}

/// The text without the first element of that name.
pub(super) fn without(text: &str, name: &str) -> String {
    let element = elements(text).into_iter().filter(|element| element.name == name).min_by_key(|element| element.whole.start);
    let element = element.unwrap_or_else(|| panic!("no {name} in {text}"));
    [&text[..element.whole.start], &text[element.whole.end..]].concat()
}

/// The text with elements lost, doubled, renamed, emptied, filled, padded, or moved.
pub(super) fn mutated(mut text: String, changes: &[(Index, i32)]) -> String {
    for (index, change) in changes {
        let elements = elements(&text);
        if elements.is_empty() {
            // The change before took the root away.
            break;
        }
        let Element { name, whole, inside } = &elements[index.index(elements.len())];
        let piece = text[whole.clone()].to_owned();
        match change {
            0 => text.replace_range(whole.clone(), ""),
            1 => text.insert_str(whole.start, &piece),
            2 => text.replace_range(whole.clone(), &piece.replace(name.as_str(), &format!("{name}s"))),
            3 => text.replace_range(inside.clone(), ""),
            4 => text.replace_range(inside.clone(), &"x".repeat(141)),
            5 => text.replace_range(inside.clone(), "-1.5"),
            6 => text.replace_range(inside.clone(), &format!(" {} ", &text[inside.clone()])),
            7 => text.replace_range(inside.clone(), &format!("{}{}", &text[inside.clone()], " ".repeat(40))),
            _ => {
                // Behind the element that follows, whichever that is.
                text.replace_range(whole.clone(), "");
                let at = self::elements(&text).iter().map(|element| element.whole.end).filter(|end| *end > whole.start).min();
                text.insert_str(at.unwrap_or(whole.start), &piece);
            }
        }
    }
    text
}
