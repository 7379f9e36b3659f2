//! A client by somebody else, on the crate `iso8583_rs`: it builds, frames and reads everything by its own lights.
//!
//! The crate writes bitmaps as bytes and all else as characters here, which is none of the built-in dialects: so the switch is
//! given the dialect as a file. And it takes its own description from the environment, once in a process's life: so the client
//! runs as a process of its own, which is this test binary again.

use std::process::Command;

use iso8583_rs::iso8583::client::ISOTcpClient;
use iso8583_rs::iso8583::iso_spec;
use iso8583_rs::iso8583::mli::MLIType;

use crate::harness::{Banks, Setup, cast};

/// Where the client finds the switch, told by the test that runs it.
const SWITCH_AT: &str = "THIRD_PARTY_SWITCH";
const CLIENT: &str = "interop::the_third_partys_client";

/// The built-in dialect in characters, but for the bitmap.
fn dialect() -> String {
    let characters = include_str!("../../switch/wire/dialects/iso87-ascii.toml");
    let changed = characters.replacen("bitmap = \"hex\"", "bitmap = \"raw\"", 1);
    assert_ne!(changed, characters);
    changed.replacen("name = \"iso87-ascii\"", "name = \"third-party\"", 1)
}

/// The same in the crate's own form: number, digits of the length indicator (0 where the length is fixed), length.
fn spec() -> String {
    const FIELDS: [(u8, u8, u16); 20] = [
        (2, 2, 19),
        (3, 0, 6),
        (4, 0, 12),
        (7, 0, 10),
        (11, 0, 6),
        (12, 0, 6),
        (13, 0, 4),
        (14, 0, 4),
        (15, 0, 4),
        (18, 0, 4),
        (22, 0, 3),
        (25, 0, 2),
        (32, 2, 11),
        (37, 0, 12),
        (38, 0, 6),
        (39, 0, 2),
        (41, 0, 8),
        (42, 0, 15),
        (44, 2, 25),
        (49, 0, 3),
    ];
    let head = "name: third-party\nid: 1\nheader_fields:\n  - {name: type, id: 1, type: Fixed, len: 4, data_encoding: ASCII}\n\
                messages:\n  - name: financial\n    id: 1\n    selector: ['0200', '0210']\n    fields:\n      \
                - {name: message_type, id: 1, type: Fixed, len: 4, data_encoding: ASCII}\n      \
                - name: bitmap\n        id: 2\n        type: Bitmapped\n        len: 0\n        data_encoding: BINARY\n        \
                children:\n";
    let fields = FIELDS.map(|(number, digits, length)| match digits {
        0 => format!(
            "          - {{name: f{number}, id: {number}, type: Fixed, len: {length}, data_encoding: ASCII, position: {number}}}\n"
        ),
        _ => format!(
            "          - {{name: f{number}, id: {number}, type: Variable, len: {digits}, len_encoding: ASCII, \
             data_encoding: ASCII, position: {number}}}\n"
        ),
    });
    format!("{head}{}", fields.concat())
}

#[test]
fn a_third_partys_client_withdraws() {
    let setup = Setup::new(Banks::InProcess, "iso87-ascii");
    let (dialect_file, spec_file) = (setup.folder.path().join("third-party.toml"), setup.folder.path().join("spec.yaml"));
    std::fs::write(&dialect_file, dialect()).unwrap();
    std::fs::write(&spec_file, spec()).unwrap();
    let acquirer = format!(
        "[[acquirer]]\nname = \"third-party\"\nlisten = \"127.0.0.1:0\"\ninstitution = \"116000\"\ndialect = \"{}\"",
        dialect_file.display()
    );
    let switch = setup.with(&acquirer).start();

    let client = Command::new(std::env::current_exe().unwrap())
        .args([CLIENT, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env("SPEC_FILE", &spec_file)
        .env(SWITCH_AT, switch.process.addresses["third-party"].to_string())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&client.stdout).into_owned() + &String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success() && told.contains("1 passed"), "{told}");
    let approved = "payswitch_transactions_total{bank=\"canadia\",kind=\"withdrawal\",outcome=\"00\"}";
    assert_eq!(switch.metric(approved), 1.0);
    assert_eq!(switch.metric("payswitch_transactions_total{bank=\"canadia\",kind=\"withdrawal\",outcome=\"43\"}"), 1.0);
}

#[test]
#[ignore = "not by itself: the test above runs it in a process of its own"]
fn the_third_partys_client() {
    let address = std::env::var(SWITCH_AT).expect("the test above says where the switch is");
    let spec = iso_spec::spec("");
    let mut client = ISOTcpClient::new(&address, spec, MLIType::MLI2E);
    for (alias, stan, reference, code) in [("bopha", "000101", "THIRDPARTY01", "00"), ("stolen", "000102", "THIRDPARTY02", "43")]
    {
        let pan = cast().card(alias).unwrap().pan.digits().as_ref().to_vec();
        let mut request = iso_spec::new_msg(spec, spec.get_message_from_header("0200").unwrap());
        request.set("message_type", "0200").unwrap();
        let fields = [
            (2, std::str::from_utf8(&pan).unwrap()),
            (3, "010000"),
            (4, "000000050000"),
            (7, "1122040000"),
            (11, stan),
            (12, "110000"),
            (13, "1122"),
            (18, "6011"),
            (22, "011"),
            (25, "00"),
            (37, reference),
            (41, "THIRD001"),
            (42, "SOMEBODY ELSE  "),
            (49, "116"),
        ];
        for (number, value) in fields {
            request.set_on(number, value).unwrap();
        }

        let reply = client.send(&request).unwrap();
        let field = |number| reply.bmp_child_value(number).unwrap();
        assert_eq!(reply.get_field_value(&"message_type".to_owned()).unwrap(), "0210");
        assert_eq!(
            (field(39), field(4), field(11), field(37)),
            (code.into(), "000000050000".into(), stan.into(), reference.into())
        );
        assert_eq!(reply.bmp_child_value(38).is_ok(), code == "00", "an authorization where it is approved");
        assert_eq!(field(41), "THIRD001");
    }
    client.close();
}
