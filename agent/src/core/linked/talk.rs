//! One conversation with whoever is at the other end of the line: what ends with the link.

use latch_link::{Standing, timing::WORKING_MS};
use latch_verify::verdict::Identity;

use super::{
    Bundle,
    event::{Request, Wish},
};

/// How long a device may take to answer what it has taken, in milliseconds. It may work for
/// [`WORKING_MS`] without a word, and say so again; three times that is longer than any actuator,
/// and short enough that whoever waits for those behind it is still there.
pub const ANSWER_MS: u64 = 3 * WORKING_MS;

/// A conversation.
#[derive(Default)]
pub(super) struct Talk {
    /// What the other end has said last of what it is.
    pub(super) standing: Option<Standing>,
    pub(super) meets: Meets,
    asked: bool,
    /// It has told all that it tells at the beginning.
    pub(super) greeted: bool,
    provisioned: bool,
    /// What was asked, and is not answered.
    pub(super) under_way: Option<Request>,
    /// Until when that is waited for.
    until_ms: u64,
}

/// Who is at the other end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Meets {
    /// Nobody that is served, or nobody knows yet.
    #[default]
    Nobody,
    /// A device that is nobody's yet.
    Unprovisioned,
    /// A device that was not served before: it has still to say how it is.
    New(Identity),
    /// The device of the desk.
    Ours,
}

impl Meets {
    pub(super) fn new_here(&self) -> Option<Identity> {
        match self {
            Self::New(identity) => Some(identity.clone()),
            _ => None,
        }
    }
}

impl Talk {
    /// What comes before all else: asking what the device is, and provisioning one that is new,
    /// once.
    pub(super) fn first_wish(&mut self, bundle: Option<&Bundle>) -> Option<Wish> {
        if !self.asked {
            self.asked = true;
            return Some(Wish::Standing);
        }
        let bundle = bundle.filter(|_| self.greeted && self.meets == Meets::Unprovisioned)?;
        if self.provisioned {
            return None;
        }
        self.provisioned = true;
        let Bundle { root, enrolment } = bundle.clone();
        Some(Wish::Provision { root, enrolment })
    }

    /// There is another bundle to try.
    pub(super) fn provision_again(&mut self) {
        self.provisioned = false;
    }

    /// Asks what the device is once more.
    pub(super) fn ask_again(&mut self) {
        self.asked = false;
    }

    pub(super) fn say(&mut self, now_ms: u64, tag: u16, wish: Wish) -> Request {
        self.until_ms = now_ms.saturating_add(ANSWER_MS);
        let request = Request { tag, wish };
        self.under_way = Some(request.clone());
        request
    }

    /// Ends the request with this tag. Answers to others are of no use to anybody; neither is the end of
    /// what a device is, before it has told all that it tells of that.
    pub(super) fn end(&mut self, tag: u16) -> Option<Wish> {
        let is_half = matches!(self.meets, Meets::New(_));
        self.under_way
            .take_if(|request| request.tag == tag && !(is_half && request.wish == Wish::Standing))
            .map(|request| request.wish)
    }

    /// Until when an answer is waited for.
    pub(super) fn until_ms(&self) -> Option<u64> {
        self.under_way.as_ref().map(|_| self.until_ms)
    }

    /// What should have been answered by now.
    pub(super) fn overdue(&self, now_ms: u64) -> Option<&Wish> {
        let request = self.under_way.as_ref()?;
        (self.until_ms <= now_ms).then_some(&request.wish)
    }

    pub(super) fn has_statement_under_way(&self) -> bool {
        let wish = self.under_way.as_ref().map(|request| &request.wish);
        matches!(wish, Some(Wish::Statement { .. }))
    }
}
