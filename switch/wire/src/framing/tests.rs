use super::*;

const EACH: [&str; 6] = ["2-byte", "2-byte inclusive", "4-byte", "4-digit", "2-byte bcd", "4-digit inclusive"];

fn framing(words: &str) -> Framing {
    words.parse().unwrap()
}

fn framed(framing: &Framing, body: &[u8], asked: Option<&Envelope>) -> BytesMut {
    let mut out = BytesMut::new();
    let start = match asked {
        Some(asked) => framing.begin_reply(&mut out, asked),
        None => framing.begin(&mut out),
    };
    out.extend_from_slice(body);
    framing.finish(&mut out, start).unwrap();
    out
}

#[test]
fn frames_are_cut_one_by_one_and_the_rest_waits() {
    let framing = Framing::TWO_BYTE;
    let stream = [0, 3, b'a', b'b', b'c', 0, 0, 0, 2, b'd'];
    assert_eq!(framing.cut(&stream, 100), Ok(Cut::Frame { body: 2..5, consumed: 5 }));
    assert_eq!(framing.cut(&stream[5..], 100), Ok(Cut::KeepAlive { consumed: 2 }));
    assert_eq!(framing.cut(&stream[7..], 100), Ok(Cut::Incomplete));
    assert_eq!(framing.cut(&stream[..1], 100), Ok(Cut::Incomplete));
    assert_eq!(framing.cut(&[], 100), Ok(Cut::Incomplete));
}

#[test]
fn each_length_is_written_as_its_name_says() {
    let cases: [(&str, &[u8]); 7] = [
        ("2-byte", b"\x00\x0c"),
        ("2-byte inclusive", b"\x00\x0e"),
        ("4-byte", b"\x00\x00\x00\x0c"),
        ("4-byte inclusive", b"\x00\x00\x00\x10"),
        ("4-digit", b"0012"),
        ("4-digit inclusive", b"0016"),
        ("2-byte bcd", b"\x00\x12"),
    ];
    for (words, expected) in cases {
        let framing = framing(words);
        let frame = framed(&framing, b"080012345678", None);
        assert_eq!(frame.strip_suffix(b"080012345678"), Some(expected), "{words}");
        let whole = Cut::Frame { body: expected.len()..frame.len(), consumed: frame.len() };
        assert_eq!(framing.cut(&frame, 12), Ok(whole), "{words}");
        assert!(matches!(framing.cut(&frame, 11), Err(FrameError::TooLong { .. })), "{words}");
        for end in 0..frame.len() {
            assert_eq!(framing.cut(&frame[..end], 12), Ok(Cut::Incomplete), "{words}");
        }
    }
}

#[test]
fn a_frame_without_a_body_shows_life_in_every_framing() {
    for words in EACH {
        for more in ["", " tpdu", " header 4142", " tpdu header echo 3"] {
            let framing = framing(&format!("{words}{more}"));
            let empty = framed(&framing, b"", None);
            assert_eq!(framing.cut(&empty, 100), Ok(Cut::KeepAlive { consumed: empty.len() }), "{framing}");
            let width = framing.length.width();
            let zero = if framing.length == Length::Digits { b"0000".to_vec() } else { vec![0; width] };
            assert_eq!(framing.cut(&zero, 100), Ok(Cut::KeepAlive { consumed: width }), "{framing}");
        }
    }
}

#[test]
fn a_header_that_cannot_be_one_is_refused_before_a_body_comes() {
    assert_eq!(Framing::TWO_BYTE.cut(&[0x10, 0x00], 4095), Err(FrameError::TooLong { length: 4096, max: 4095 }));
    assert_eq!(Framing::TWO_BYTE.cut(&[0x0F, 0xFF], 4095), Ok(Cut::Incomplete));
    let told = |words: &str, bytes: &[u8]| framing(words).cut(bytes, 4095).unwrap_err().to_string();
    assert!(told("2-byte inclusive", &[0, 1]).contains("1 bytes"));
    assert!(told("2-byte tpdu", &[0, 4]).contains("at least 5"));
    assert!(told("4-digit", b"00A8").contains("\"00A8\""));
    assert!(told("2-byte bcd", &[0, 0x1A]).contains("001A"));
    assert!(told("4-byte", &[0xFF; 4]).contains("4294967295"));
}

#[test]
fn a_reply_goes_back_to_the_terminal_that_asked() {
    let link = framing("2-byte tpdu header echo 2");
    let asked = [&[0, 11, 0x60, 0x00, 0x10, 0x80, 0x01, 0xAB, 0xCD][..], b"0800"].concat();
    let envelope = link.envelope(&asked);
    assert_eq!(&framed(&link, b"0810", Some(&envelope))[..9], [0, 11, 0x60, 0x80, 0x01, 0x00, 0x10, 0xAB, 0xCD]);

    let fixed = framing("2-byte tpdu 6000030004 header 4849");
    assert_eq!(&framed(&fixed, b"0810", Some(&envelope))[..9], [0, 11, 0x60, 0x80, 0x01, 0x00, 0x10, 0x48, 0x49]);
    assert_eq!(&framed(&fixed, b"0800", None)[..9], [0, 11, 0x60, 0x00, 0x03, 0x00, 0x04, 0x48, 0x49]);
    assert_eq!(framed(&Framing::TWO_BYTE, b"0810", Some(&envelope)), &b"\x00\x040810"[..], "not of this framing");
}

#[test]
fn what_is_too_long_leaves_no_trace() {
    for (words, max) in [("2-byte", 65_535), ("4-digit", 9999), ("2-byte bcd inclusive", 9997), ("4-digit tpdu", 9994)] {
        let framing = framing(words);
        let mut out = BytesMut::from(&b"before"[..]);
        let start = framing.begin(&mut out);
        out.resize(out.len() + max + 1, b'x');
        let refused = framing.finish(&mut out, start);
        assert_eq!(refused, Err(BuildError::FrameTooLong { length: max + 1, max }), "{words}");
        assert_eq!(&out[..], b"before");
    }
}

#[test]
fn words_are_read_and_written_alike() {
    for words in EACH {
        for more in ["", " tpdu", " tpdu 6000010002", " header 49534F30", " header echo 12", " tpdu 6012345678 header 00"] {
            let words = format!("{words}{more}");
            assert_eq!(framing(&words).to_string(), words);
        }
    }
}

#[test]
fn words_that_name_no_framing_are_told_with_the_known_ones() {
    let cases = [
        ("3-byte", "\"3-byte\" is no way to write a length"),
        ("", "names no length"),
        ("2-byte tpdu 60", "a TPDU is five bytes"),
        ("2-byte tpdu 6100000000", "first of them 60"),
        ("2-byte header", "a header is 1 to 32 bytes"),
        ("2-byte header echo 99", "a header is 1 to 32 bytes"),
        ("2-byte header echo 0", "a header is 1 to 32 bytes"),
        ("2-byte tpdu inclusive", "\"inclusive\" stands where nothing is expected"),
    ];
    for (words, problem) in cases {
        let told = words.parse::<Framing>().unwrap_err().to_string();
        assert!(told.contains(problem) && told.contains("4-digit"), "{told}");
    }
}
