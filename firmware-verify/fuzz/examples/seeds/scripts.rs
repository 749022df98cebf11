//! Scripts for the device.

use std::error::Error;

use super::{Corpora, bytes, vectors};

/// Steps of scripts, as `src/device/mod.rs` numbers them.
pub(crate) fn add(corpora: &Corpora) -> Result<(), Box<dyn Error>> {
    let code = |action: u8, argument: u8| vec![0, action, 0, 0, 0, argument];
    let install = |number: u8| [code(5, number), vec![0]].concat();
    let settle = vec![10, 0];
    let pages = vec![12, 7, 0, 0, 0, 0, 0, 0, 0, 0];
    let (arm, confirm, give_up, boot, resume) = (vec![13], vec![14], vec![15], vec![9], vec![11]);
    let again = vec![3, 0];
    let through = |number| [install(number), pages.clone(), arm.clone(), boot.clone()].concat();
    let open = [code(8, 9), settle.clone()].concat();
    let renew = [code(9, 249), settle.clone()].concat();
    let lock = [code(11, 0), settle.clone()].concat();
    let (wait, poll, state) = (vec![6, 14], vec![16], vec![17]);
    let (time, broadcast) = (vec![22, 0, 0, 0], vec![22, 1, 60, 0]);
    let (revoke, stop, root) = (vec![23, 0, 0, 0], vec![24, 0, 0, 0], vec![25, 0, 1, 0]);
    let mut scripts = vec![
        [open.clone(), wait.clone(), poll.clone(), again.clone()].concat(),
        [
            open.clone(),
            renew.clone(),
            wait.clone(),
            renew.clone(),
            poll.clone(),
        ]
        .concat(),
        [open.clone(), renew.clone(), vec![6, 17], poll.clone()].concat(),
        [open.clone(), code(10, 0), settle.clone(), again.clone()].concat(),
        [
            open.clone(),
            lock.clone(),
            code(4, 0),
            code(13, 0),
            code(4, 0),
        ]
        .concat(),
        [
            open.clone(),
            revoke.clone(),
            poll.clone(),
            code(0, 1),
            again.clone(),
        ]
        .concat(),
        [open.clone(), stop.clone(), poll.clone(), again.clone()].concat(),
        [
            open.clone(),
            root.clone(),
            poll.clone(),
            code(0, 1),
            again.clone(),
        ]
        .concat(),
        [
            open,
            vec![8, 2, 0, 16],
            wait.clone(),
            poll.clone(),
            boot.clone(),
        ]
        .concat(),
        [lock, boot.clone(), code(0, 1), code(13, 0), settle.clone()].concat(),
        [
            vec![7, 0, 0],
            state.clone(),
            time.clone(),
            code(4, 0),
            again.clone(),
        ]
        .concat(),
        [
            vec![7, 0, 0],
            time.clone(),
            broadcast,
            boot.clone(),
            code(0, 1),
        ]
        .concat(),
        [
            vec![6, 20],
            state,
            time,
            vec![7, 0, 0],
            code(0, 1),
            boot.clone(),
        ]
        .concat(),
        [
            root.clone(),
            root.clone(),
            again.clone(),
            code(0, 1),
            vec![3, 3],
        ]
        .concat(),
        [
            install(0),
            revoke.clone(),
            pages.clone(),
            poll.clone(),
            arm.clone(),
        ]
        .concat(),
        [install(0), stop.clone(), poll, pages.clone(), arm.clone()].concat(),
        // Stopped before it was used: it was refused for its time.
        [vec![0, 0, 0, 0x40, 0, 1], stop, wait, vec![3, 1]].concat(),
        [code(0, 7), settle.clone(), again.clone()].concat(),
        [code(1, 7), boot.clone(), resume, settle.clone()].concat(),
        [code(2, 1), boot.clone(), again.clone()].concat(),
        [code(2, 0), vec![10, 3], vec![18, 0]].concat(),
        [through(0), confirm.clone(), through(1), confirm.clone()].concat(),
        [
            through(3),
            confirm.clone(),
            code(6, 2),
            vec![0],
            pages.clone(),
        ]
        .concat(),
        [
            through(0),
            boot.clone(),
            boot.clone(),
            boot.clone(),
            vec![17],
        ]
        .concat(),
        [through(1), give_up, boot.clone()].concat(),
        [install(4), install(5), install(0), vec![6, 27, 16]].concat(),
        [
            vec![8, 2, 0, 0],
            code(2, 0),
            vec![8, 0, 0, 0],
            again.clone(),
        ]
        .concat(),
        [
            vec![7, 0, 0],
            code(4, 0),
            vec![7, 1, 0],
            code(4, 0),
            settle.clone(),
        ]
        .concat(),
        // Break-glass, then a cohort, another epoch, and another device.
        [
            vec![0, 2, 0x10, 0, 0, 0],
            settle.clone(),
            vec![0, 0, 8, 0, 0, 1],
        ]
        .concat(),
        [vec![0, 0, 0, 1, 0, 1], vec![0, 0, 12, 0, 0, 1]].concat(),
        // Changed, signed by others, and past their time.
        [
            code(0, 1),
            vec![4, 0, 200, 0, 1],
            vec![5, 1, 2],
            vec![5, 2, 0],
        ]
        .concat(),
        [
            code(0, 1),
            settle.clone(),
            vec![6, 18],
            again.clone(),
            code(0, 2),
        ]
        .concat(),
        [
            vec![20],
            code(0, 1),
            settle.clone(),
            vec![20],
            again.clone(),
        ]
        .concat(),
        [vec![21], code(0, 1), vec![21], again.clone()].concat(),
        // A command that comes again when its receipt is no longer kept.
        [code(2, 1), settle.clone(), code(7, 4).repeat(9), vec![3, 9]].concat(),
        [
            code(2, 1),
            settle.clone(),
            code(7, 4).repeat(9),
            vec![9, 3, 9],
        ]
        .concat(),
        // Enough codes to fill the table of used ones, and a sector.
        (0..30).flat_map(|_| code(7, 0)).collect(),
        [vec![0, 3, 0, 0, 0, 0xff], settle.clone()]
            .concat()
            .repeat(7),
    ];
    let cuts = scripts.len()..;
    for when in 0..14 {
        for how in [0, 1, 18, 4, 6] {
            let cut = |chip| vec![19, chip, when, how];
            let end = [pages.clone(), pages.clone(), arm.clone(), boot.clone()].concat();
            scripts.push([cut(0), code(2, 0), settle.clone(), again.clone()].concat());
            scripts.push([cut(0), root.clone(), code(0, 1), boot.clone()].concat());
            scripts.push([cut(0), revoke.clone(), code(0, 1), boot.clone()].concat());
            scripts.push([cut(0), code(8, 9), settle.clone(), boot.clone()].concat());
            scripts.push([install(3), cut(0), end.clone()].concat());
            scripts.push([install(3), cut(2), end].concat());
        }
    }
    for vector in vectors("patches.json")? {
        let steps: Result<Vec<Vec<u8>>, Box<dyn Error>> = ["twin_bytes", "patch_bytes"]
            .into_iter()
            .map(|field| {
                let leaves = bytes(&vector[field])?;
                let head = [0, 3, 0, 0, 0, 0, u8::try_from(leaves.len())?];
                Ok([&head, leaves.as_slice(), &settle].concat())
            })
            .collect();
        scripts.push(steps?.concat());
    }
    for (number, script) in scripts.into_iter().enumerate() {
        // Weak bits, mishaps, and a counter.
        let headers: &[u8] = if cuts.contains(&number) {
            &[0, 1, 2, 4]
        } else {
            &[0]
        };
        for header in headers {
            corpora.add("device", &[&[*header], script.as_slice()].concat())?;
        }
    }
    Ok(())
}
