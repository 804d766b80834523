//! How far a message jumps, and how many seeds are stored.

use super::acquainted;
use crate::{
    case::{Outcome, Stop},
    run::Run,
    scene::{Scene, first::HELD},
    subject::types::Message,
};

fn at(scene: &Scene, counter: u32) -> Result<Message, Stop> {
    Ok(scene.judge.sealing_at(counter, HELD)?.seal())
}

/// 2000 ahead in a chain in use, and counter 2000 of a new one.
pub(super) fn jump_2000(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    scene.reads_as("counter 2000 of a new chain", &at(&scene, 2000)?, HELD)?;
    scene.reads_as("2000 jumped over in a chain in use", &at(&scene, 4001)?, HELD)?;
    scene.judge.skip_to(4002)?;
    scene.rounds(1)
}

/// 1500 of the old chain and 500 of the new.
pub(super) fn jump_2000_over_two_chains(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    scene.tell()?;
    let next = scene.judge.session()?.sender_chain.index;
    scene.judge.skip_to(next + 1500)?;
    scene.hear()?;
    scene.reads_as("a jump over 1500 and 500", &at(&scene, 500)?, HELD)?;
    scene.judge.skip_to(501)?;
    scene.rounds(1)
}

/// One more, in a chain in use, in a new one, and over two: refused, and the honest next message decrypts.
pub(super) fn jump_2001(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    for counter in [2001, 3000] {
        let what = format!("counter {counter} of a new chain");
        scene.refuses_as(&what, &at(&scene, counter)?, "invalid_message")?;
    }
    scene.tell()?;
    let next = scene.judge.session()?.sender_chain.index;
    for ahead in [2001, 3000] {
        let what = format!("{ahead} jumped over in a chain in use");
        scene.refuses_as(&what, &at(&scene, next + ahead)?, "invalid_message")?;
    }
    scene.judge.skip_to(next + 1500)?;
    scene.hear()?;
    scene.refuses_as("a jump over 1500 and 501", &at(&scene, 501)?, "invalid_message")?;
    scene.rounds(1)
}

/// 2000 jumped over: all of them decrypt, the first, the last and some between.
pub(super) fn stored_seeds_2000(run: &mut Run) -> Outcome {
    let scene = acquainted(run)?;
    scene.reads(&at(&scene, 2000)?, HELD)?;
    for counter in [0, run.number(2, 997), 999, 1000, 1999, 1] {
        scene.reads_as(&format!("message {counter} of 2000"), &at(&scene, counter)?, HELD)?;
    }
    Ok(())
}

/// Two jumps over 2001 together: the oldest is gone, the rest is there.
pub(super) fn oldest_seed_dropped(run: &mut Run) -> Outcome {
    let scene = acquainted(run)?;
    for counter in [1500, 2002] {
        scene.reads(&at(&scene, counter)?, HELD)?;
    }
    scene.refuses_as("the oldest of 2001 seeds", &at(&scene, 0)?, "duplicate_message")?;
    for counter in [1, 1499, 1501, 2001] {
        scene.reads_as(&format!("message {counter}"), &at(&scene, counter)?, HELD)?;
    }
    Ok(())
}

/// 1500 seeds of a chain and 510 of the next: ten of the first chain are gone.
pub(super) fn seeds_of_all_chains_together(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    scene.reads(&at(&scene, 1500)?, HELD)?;
    let old = scene.judge.clone();
    scene.judge.skip_to(1501)?;
    scene.hear()?;
    scene.reads(&at(&scene, 510)?, HELD)?;
    let late = |counter| Ok::<_, Stop>(old.sealing_at(counter, HELD)?.seal());
    for gone in [0, 9] {
        scene.refuses_as(
            &format!("message {gone} of a closed chain"),
            &late(gone)?,
            "invalid_message",
        )?;
    }
    for kept in [10, 1499] {
        scene.reads_as(&format!("message {kept} of a closed chain"), &late(kept)?, HELD)?;
    }
    scene.reads(&at(&scene, 0)?, HELD)
}
