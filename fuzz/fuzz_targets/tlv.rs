//! Chip data: objects come in order without overlap, and what is built of them again reads alike.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use wire::tlv;

fuzz_target!(|bytes: &[u8]| {
    let mut last = 0;
    let end = tlv::walk(bytes, |_, object| {
        assert!(object.offset >= last || object.value.is_empty());
        assert!(object.value_offset > object.offset && object.value_offset + object.value.len() <= bytes.len());
        last = object.value_offset;
        let _ = wire::describe::tag_name(object.tag);
    });
    let mut again = BytesMut::new();
    let mut objects = Vec::new();
    for object in tlv::objects(bytes) {
        let Ok(object) = object else { return };
        tlv::put(&mut again, object.tag, object.value).expect("it has been read");
        objects.push((object.tag, object.value));
    }
    if end.is_ok() {
        let read = tlv::objects(&again).map(|object| object.expect("it has been built")).map(|it| (it.tag, it.value));
        assert!(read.eq(objects));
    }
});
