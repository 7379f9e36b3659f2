//! Chip data: objects come in order without overlap, and what is built of them again, level by level, reads alike.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use wire::tlv::{self, Object, Tag};

fuzz_target!(|bytes: &[u8]| {
    let mut last = 0;
    let mut seen = Vec::new();
    let end = tlv::walk(bytes, |depth, object| {
        assert!(object.offset >= last && object.value_offset > object.offset);
        let value_end = object.value_offset + object.value.len();
        assert_eq!(bytes.get(object.value_offset..value_end), Some(object.value));
        // Inside comes before behind, and what is not a template has no inside.
        last = if object.tag.is_constructed() { object.value_offset } else { value_end };
        seen.push((depth, object.tag, object.value));
        let _ = wire::describe::tag_name(object.tag);
    });
    if let Err(error) = end {
        assert!(error.offset >= last && error.offset <= bytes.len());
        return;
    }
    for (_, tag, _) in &seen {
        let number = tag.number().to_be_bytes();
        assert_eq!(Tag::of(&number[number.iter().take_while(|byte| **byte == 0).count()..]), Some(*tag));
    }
    let mut again = BytesMut::new();
    built(tlv::objects(bytes), &mut again);
    assert!(again.len() <= bytes.len(), "the shortest form is no longer than another");
    let mut place = seen.iter();
    let read = tlv::walk(&again, |depth, object| {
        let (expected, tag, value) = place.next().expect("as many as before");
        assert_eq!((depth, object.tag), (*expected, *tag));
        assert!(tag.is_constructed() || object.value == *value);
    });
    assert!(read.is_ok() && place.next().is_none());
    let mut twice = BytesMut::new();
    built(tlv::objects(&again), &mut twice);
    assert_eq!(again, twice);
});

/// Puts every object with its length in the shortest form, templates made of their objects.
fn built<'a>(objects: impl Iterator<Item = Result<Object<'a>, tlv::TlvError>>, out: &mut BytesMut) {
    for object in objects {
        let object = object.expect("it has been walked");
        if object.tag.is_constructed() {
            let mut inside = BytesMut::new();
            built(object.children(), &mut inside);
            tlv::put(out, object.tag, &inside).expect("it has been read");
        } else {
            tlv::put(out, object.tag, object.value).expect("it has been read");
        }
    }
}
