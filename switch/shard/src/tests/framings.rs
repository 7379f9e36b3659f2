//! Links of other framings than the default: headers go back to whom they belong, keep-alives are no messages.

use super::*;

/// A request as a concentrator sends it for one of its terminals.
fn enveloped(framing: &Framing, world: &World, message: &Message<'_>, terminal: u16) -> BytesMut {
    let mut bytes = BytesMut::new();
    let start = framing.begin(&mut bytes);
    wire::write(&world.dialect, message, world.now, &mut bytes).unwrap();
    framing.finish(&mut bytes, start).unwrap();
    let width = bytes.windows(5).position(|window| window == [0x60, 0, 0, 0, 0]).unwrap();
    bytes[width + 1..width + 5].copy_from_slice(&[0x00, 0x11, terminal.to_be_bytes()[0], terminal.to_be_bytes()[1]]);
    bytes
}

/// Whose answers leave: the TPDU's destination and source of each, with its trace number and code.
fn answers(framing: &Framing, world: &mut World, link: LinkId) -> Vec<([u8; 4], u32, ResponseCode)> {
    let bytes = world.shard.writable(link).to_vec();
    world.shard.taken(link, bytes.len());
    let (mut rest, mut told) = (&bytes[..], Vec::new());
    while let Ok(Cut::Frame { body, consumed }) = framing.cut(rest, 2048) {
        let [id, addresses @ ..] = *rest[..body.start].last_chunk::<5>().unwrap();
        assert_eq!(id, 0x60);
        let message = wire::read(&world.dialect, &rest[body]).unwrap();
        told.push((addresses, message.stan.unwrap().number(), message.code.unwrap()));
        rest = &rest[consumed..];
    }
    assert!(rest.is_empty());
    told
}

#[test]
fn each_terminal_behind_a_concentrator_gets_its_own_answer() {
    for words in ["2-byte tpdu", "4-digit tpdu", "2-byte bcd inclusive tpdu"] {
        let framing: Framing = words.parse().unwrap();
        let mut world = World::new();
        let side = Side::Acquirer {
            name: "concentrator".into(),
            acquirer: Acquirer { institution: InstitutionId::new(116_900).unwrap(), escrow: false },
        };
        let config = LinkConfig { side, dialect: world.dialect.clone(), framing, frame_max: 2048 };
        let link = world.shard.open_link(world.now, config);

        let (one, other) = (world.withdrawal(), world.withdrawal());
        let both = [enveloped(&framing, &world, &one, 0x8001), enveloped(&framing, &world, &other, 0x8002)].concat();
        world.receive(link, &both).unwrap();
        world.write();
        let legs = world.left(world.bank);
        // The bank answers the second first, as banks do.
        for leg in legs.iter().rev() {
            world.answer(leg, ResponseCode::APPROVED);
        }
        world.write();
        let (first, second) = (one.stan.unwrap().number(), other.stan.unwrap().number());
        let expected =
            [([0x80, 2, 0, 0x11], second, ResponseCode::APPROVED), ([0x80, 1, 0, 0x11], first, ResponseCode::APPROVED)];
        assert_eq!(answers(&framing, &mut world, link), expected, "{words}");

        // A refusal around the gate goes back alike, also where hardly anything could be read.
        let mut broken = enveloped(&framing, &world, &one, 0x8003);
        *broken.last_mut().unwrap() = b'X';
        world.receive(link, &broken).unwrap();
        let expected = [([0x80, 3, 0, 0x11], first, ResponseCode::FORMAT_ERROR)];
        assert_eq!(answers(&framing, &mut world, link), expected, "{words}");

        let mut keep_alive = BytesMut::new();
        let start = framing.begin(&mut keep_alive);
        framing.finish(&mut keep_alive, start).unwrap();
        world.receive(link, &keep_alive).unwrap();
        assert_eq!(answers(&framing, &mut world, link), []);
    }
}
