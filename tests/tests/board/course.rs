//! An update that went well, from the factory to its confirmation, and what the flash held on its way: where other tests begin.

use std::sync::OnceLock;

use latch_link::Paged;
use latch_tests::show;
use latch_verify::statement::Outcome;

use super::{
    host::Host,
    languages::provisioned,
    machine::Machine,
    programs::Language,
    tenant::Tenant,
    update::{Stage, Update},
};

/// The security version of the release: once it is confirmed, no device goes below it.
pub(crate) const FLOOR: u32 = 1;

/// An update that went well, and what the flash held on its way.
pub(crate) struct Course {
    pub(crate) update: Update,
    /// The flash before the first page, and after each that was kept.
    pub(crate) flash: Vec<Vec<u8>>,
    /// Operations of the flash, from a start before the last page to the confirmation.
    pub(crate) to_the_end: u32,
    /// The flash after the image was confirmed.
    pub(crate) finished: Vec<u8>,
}

impl Course {
    /// The one that the tests of this process share: of the application in Rust.
    pub(crate) fn shared() -> &'static Self {
        static COURSE: OnceLock<Course> = OnceLock::new();
        COURSE.get_or_init(|| Self::run(Language::Rust))
    }

    /// Runs the update of a new device once, undisturbed.
    pub(crate) fn run(language: Language) -> Self {
        let tenant = Tenant::new();
        let (mut machine, key) = provisioned(&tenant, language);
        let release = tenant.release("1.1.0", FLOOR, language.application("1.1.0"));
        machine.plan_nothing();
        machine.start();
        let mut host = Host::at(&mut machine, 3);
        host.meet().expect("the device stays");
        let update = Update::of(&tenant, release, &mut host, &key).expect("the device stays");
        update.begin(&mut host).expect("the device stays");
        let mut flash = vec![machine.flash()];
        for index in 0.. {
            let page = update.release.page(index);
            match host.page(&page).expect("the device stays") {
                Paged::Kept(wanted) => assert_eq!(wanted.next, index + 1),
                Paged::Complete => break,
                other => panic!("page {index}: {other:?}"),
            }
            flash.push(machine.flash());
        }
        host.until_gone(&mut machine);
        let ended = update.drive(&mut host, &mut Stage::default());
        assert_eq!(ended, Ok(Outcome::InstallConfirmed));
        show(format_args!(
            "an update of {} pages takes {} operations of the flash ({language:?})",
            flash.len(),
            machine.operations(u32::MAX)
        ));

        let mut last = Machine::with_flash(&flash[flash.len() - 1]);
        last.plan_nothing();
        last.start();
        let ended = update.end(&mut Host::at(&mut last, 4), &mut Stage::default());
        assert_eq!(ended, Outcome::InstallConfirmed);
        Self {
            update,
            flash,
            to_the_end: last.operations(u32::MAX),
            finished: machine.flash(),
        }
    }

    /// The flash before the last page.
    pub(crate) fn last_page(&self) -> &[u8] {
        &self.flash[self.flash.len() - 1]
    }
}
