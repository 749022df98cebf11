//! What a host asks of a device, over the link.

use latch_link::ToDevice;
use latch_verify::device::Release;

use crate::{
    boundary::{Place, latch_bytes_t},
    facts::latch_identity_t,
    kept::call,
    link::{Inner, latch_link_t},
    result::latch_result_t,
    statements::latch_release_t,
    telling::latch_statement_id_t,
};

/// What a host asks: with the numbers of LINK.md. Each request is ended once, with its tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_ask_kind_t {
    /// Nothing has come.
    LATCH_ASK_NOTHING = 0,
    /// Judge the statement `body`, with `release`: latch_serve, then latch_link_end_statement.
    LATCH_ASK_STATEMENT = 1,
    /// Take the page message `body`: latch_page, then latch_link_end_page.
    LATCH_ASK_PAGE = 2,
    /// Tell the state: latch_state, latch_link_tell_state, then latch_link_end_request. As with all that follow.
    LATCH_ASK_STATE = 3,
    /// Tell the last receipt for `statement` again: latch_receipt, latch_link_tell_receipt.
    LATCH_ASK_RECEIPT = 4,
    /// Tell the receipt `number` again: latch_receipt_numbered, latch_link_tell_receipt.
    LATCH_ASK_RECEIPT_NUMBERED = 5,
    /// Make the request to be enrolled as `name`: latch_enrolment_request_as, latch_link_tell_request.
    LATCH_ASK_REQUEST = 6,
    /// Begin your life with the trust root `body` and with `enrolment`: latch_provision.
    LATCH_ASK_PROVISION = 7,
    /// Tell standing, pulse and wants again.
    LATCH_ASK_STANDING = 8,
    /// It cannot be read, or this release does not know it: end it with LATCH_REASON_NOT_DECODABLE.
    LATCH_ASK_MALFORMED = 255,
}

/// What a host asks. What it points to lies in the link's own buffer, until latch_link_taken or latch_link_begin.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_ask_t {
    /// What.
    pub kind: latch_ask_kind_t,
    /// The host's number for it, which its end repeats.
    pub tag: u16,
    /// A statement, a page message, or a trust root.
    pub body: latch_bytes_t,
    /// With LATCH_ASK_PROVISION.
    pub enrolment: latch_bytes_t,
    /// With LATCH_ASK_STATEMENT: what the host has of the release that a code may ask for.
    pub release: latch_release_t,
    /// With LATCH_ASK_RECEIPT.
    pub statement: latch_statement_id_t,
    /// With LATCH_ASK_RECEIPT_NUMBERED.
    pub number: u64,
    /// With LATCH_ASK_REQUEST: who the device is to be.
    pub name: latch_identity_t,
}

impl latch_ask_t {
    fn bare(kind: latch_ask_kind_t, tag: u16) -> Self {
        Self {
            kind,
            tag,
            body: latch_bytes_t::NONE,
            enrolment: latch_bytes_t::NONE,
            release: Release::NotAsked.into(),
            statement: latch_statement_id_t::default(),
            number: 0,
            name: latch_identity_t::NONE,
        }
    }

    fn of(message: ToDevice<'_>) -> Self {
        use latch_ask_kind_t as kind;
        let tag = message.tag();
        match message {
            ToDevice::Statement {
                release, statement, ..
            } => Self {
                body: statement.into(),
                release: release.into(),
                ..Self::bare(kind::LATCH_ASK_STATEMENT, tag)
            },
            ToDevice::Page { page, .. } => Self {
                body: page.into(),
                ..Self::bare(kind::LATCH_ASK_PAGE, tag)
            },
            ToDevice::AskState { .. } => Self::bare(kind::LATCH_ASK_STATE, tag),
            ToDevice::AskReceipt { statement, .. } => Self {
                statement: statement.into(),
                ..Self::bare(kind::LATCH_ASK_RECEIPT, tag)
            },
            ToDevice::AskReceiptNumbered { number, .. } => Self {
                number,
                ..Self::bare(kind::LATCH_ASK_RECEIPT_NUMBERED, tag)
            },
            ToDevice::AskRequest { name, .. } => Self {
                name: (&name).into(),
                ..Self::bare(kind::LATCH_ASK_REQUEST, tag)
            },
            ToDevice::Provision {
                root, enrolment, ..
            } => Self {
                body: root.into(),
                enrolment: enrolment.into(),
                ..Self::bare(kind::LATCH_ASK_PROVISION, tag)
            },
            ToDevice::AskStanding { .. } => Self::bare(kind::LATCH_ASK_STANDING, tag),
        }
    }
}

/// What the host asks. It stays until it is taken, and nothing else comes before: that is all the back-pressure there is.
/// LATCH_ASK_NOTHING where nothing has come.
///
/// # Safety
/// As latch_link_begin; `ask` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_heard(
    link: *mut latch_link_t,
    ask: *mut latch_ask_t,
) -> latch_result_t {
    use latch_ask_kind_t as kind;
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            Place::new(ask)?.put(match inner.session.message() {
                None => latch_ask_t::bare(kind::LATCH_ASK_NOTHING, 0),
                Some(Ok(message)) => latch_ask_t::of(message),
                Some(Err(malformed)) => latch_ask_t::bare(kind::LATCH_ASK_MALFORMED, malformed.tag),
            });
            Ok(())
        })
    }
}

/// What the host has asked is done with: this acknowledges it, and frees the link's buffer. Take it when it was carried out, not
/// before: what was acknowledged does not come again. Do not wait with it for room to say its end in.
///
/// # Safety
/// As latch_link_begin.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_link_taken(link: *mut latch_link_t) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(link, |inner: &mut Inner, _| {
            inner.session.taken();
            Ok(())
        })
    }
}
