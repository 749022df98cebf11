//! The relay of a device behind a link: events in, effects out, as for one in this process.
//!
//! The verifier is at the other end of a line. What is asked of it goes over the link, one request
//! at a time, and what it answers comes back; what the relay of a device in this process reads
//! from it, this one is told. Nothing that outlives the link is decided by it: statements, roots
//! and pages wait here, within the same bounds, until the device has judged them.
//!
//! While nobody answers at the other end, [`LinkedCore::has_room`] is false: what comes for the
//! device stays with the broker, which keeps it better than this process does.

mod desk;
mod event;
mod express;
mod intake;
mod kept;
mod said;
mod shelf;
mod talk;
mod telling;
mod waiting;
mod wishes;

pub use event::{LinkedEffect, LinkedEvent, Request};
pub use talk::ANSWER_MS;

use latch_link::{FromDevice, Life, Standing};
use latch_mqtt::{TopicError, Topics};
use latch_verify::{types::DeviceId, verdict::Identity};

use self::{
    desk::Desk,
    event::{Effects, Wish},
    talk::{Meets, Talk},
};
use super::{event::Notice, names::Names};

/// What a new device is provisioned with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bundle {
    /// The trust root's envelope.
    pub root: Vec<u8>,
    /// The enrolment's envelope.
    pub enrolment: Vec<u8>,
}

/// What is known of a device before it has said anything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkedOptions {
    /// Prefix of all topics; `{tenant}` in it stands for the device's tenant.
    pub topic_prefix: String,
    /// The only device that may be at the other end.
    pub name: Option<DeviceId>,
    /// For a device that is new.
    pub bundle: Option<Bundle>,
}

impl LinkedOptions {
    /// Whether this device may be at the other end.
    fn admits(&self, found: &Identity) -> bool {
        self.name.as_ref().is_none_or(|name| *name == found.device)
    }

    /// Tells what a device is, and what is amiss with that.
    fn note(&self, standing: &Standing, effects: &mut Effects) {
        effects.notice(Notice::Standing(standing.clone()));
        match &standing.life {
            Life::Unprovisioned if self.bundle.is_none() => effects.notice(Notice::Unprovisioned),
            Life::Provisioned(found) => {
                if let Some(expected) = self.name.clone().filter(|_| !self.admits(found)) {
                    let found = found.device.clone();
                    effects.notice(Notice::OtherDevice { expected, found });
                }
            }
            _ => {}
        }
    }
}

/// The relay of one device behind a link.
pub struct LinkedCore {
    options: LinkedOptions,
    /// The conversation with whoever is at the other end.
    talk: Option<Talk>,
    desk: Option<Box<Desk>>,
    /// What was told last of what the device is.
    noted: Option<Standing>,
    /// What was not answered last, in the conversation before.
    unanswered: Option<Wish>,
    tag: u16,
    winding_down: bool,
}

impl LinkedCore {
    /// The relay of a device of which nothing is known yet.
    #[must_use]
    pub fn new(options: LinkedOptions) -> Self {
        Self {
            options,
            talk: None,
            desk: None,
            noted: None,
            unanswered: None,
            tag: 0,
            winding_down: false,
        }
    }

    /// Takes an event; returns what is to be done about it, in order. `now_ms` is of any clock
    /// that never goes back.
    pub fn handle(&mut self, now_ms: u64, event: LinkedEvent<'_>) -> Vec<LinkedEffect> {
        let mut effects = Effects::default();
        self.take(now_ms, event, &mut effects);
        self.lapse(now_ms, &mut effects);
        self.go_on(now_ms, &mut effects);
        effects.into_vec()
    }

    /// Whether messages from the broker should be taken now. Those that are left there are kept
    /// by the broker; those that are given to [`handle`](Self::handle) all the same may be dropped.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.served().is_some_and(Desk::has_room)
    }

    /// Asks nothing more of the device, so that the process can end.
    pub fn wind_down(&mut self) {
        self.winding_down = true;
    }

    /// Whether the device has still to end what was asked of it.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.talk
            .as_ref()
            .is_some_and(|talk| talk.under_way.is_some())
    }

    /// Whether there is a bundle for a device that is new.
    #[must_use]
    pub fn has_bundle(&self) -> bool {
        self.options.bundle.is_some()
    }

    /// Who is at the other end, once that is known.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.desk.as_ref().map(|desk| &desk.identity)
    }

    /// The desk, while its device answers, and has told how it is.
    fn served(&self) -> Option<&Desk> {
        let talk = self.talk.as_ref()?;
        let is_met = talk.greeted && talk.meets == Meets::Ours;
        self.desk.as_deref().filter(|_| is_met)
    }

    fn take(&mut self, now_ms: u64, event: LinkedEvent<'_>, effects: &mut Effects) {
        match event {
            LinkedEvent::Up => {
                self.hang_up();
                self.talk = Some(Talk::default());
            }
            LinkedEvent::Down => self.hang_up(),
            LinkedEvent::Said(message) => self.hear(now_ms, &message, effects),
            LinkedEvent::Bundle(bundle) => {
                self.options.bundle = bundle;
                if let Some(talk) = &mut self.talk {
                    talk.provision_again();
                }
            }
            LinkedEvent::Elsewhere => {
                self.desk = None;
                if let Some(talk) = &mut self.talk {
                    talk.meets = Meets::Nobody;
                }
            }
            LinkedEvent::TooLong { most } => self.too_long(most, effects),
            LinkedEvent::Tick => {}
            LinkedEvent::Connected { .. }
            | LinkedEvent::Disconnected
            | LinkedEvent::Message { .. } => self.take_from_broker(now_ms, event, effects),
        }
    }

    fn take_from_broker(&mut self, now_ms: u64, event: LinkedEvent<'_>, effects: &mut Effects) {
        let Some(desk) = &mut self.desk else { return };
        match event {
            LinkedEvent::Connected { session_present } => {
                desk.outlet.connect();
                desk.kept.connect(now_ms);
                desk.publish_kept(effects);
                if !session_present {
                    // What the broker retains comes with the subscriptions.
                    desk.ask_again_at_ms = None;
                    // Pages on their way were not kept for us.
                    desk.download.forget();
                }
            }
            LinkedEvent::Disconnected => desk.outlet.disconnect(),
            LinkedEvent::Message { topic, payload } => {
                let before = desk.queue.len();
                desk.take_message(topic, payload, effects);
                desk.note_waiting(before, effects);
            }
            _ => {}
        }
    }

    /// The conversation is over. What was not answered is asked again in the next one.
    fn hang_up(&mut self) {
        let under_way = self.talk.take().and_then(|talk| talk.under_way);
        if let (Some(request), Some(desk)) = (under_way, &mut self.desk) {
            desk.take_back(request.wish);
        }
    }

    fn hear(&mut self, now_ms: u64, message: &FromDevice<'_>, effects: &mut Effects) {
        let Some(talk) = &mut self.talk else { return };
        let ended = message.ends().and_then(|tag| talk.end(tag));
        if ended.is_some() {
            self.unanswered
                .take_if(|before| Some(&*before) == ended.as_ref());
        }
        let statement_under_way = talk.has_statement_under_way();
        let desk = self
            .desk
            .as_deref_mut()
            .filter(|_| talk.meets == Meets::Ours);
        match (message, desk) {
            (FromDevice::Standing(standing), _) => self.meet(now_ms, standing, effects),
            (FromDevice::Pulse(pulse), Some(desk)) => desk.take_pulse(*pulse, effects),
            (FromDevice::Pulse(pulse), None) => {
                if let Some(identity) = talk.meets.new_here() {
                    self.serve(identity, *pulse, effects);
                }
            }
            (FromDevice::Done { result, .. }, desk) => match (ended, desk) {
                (Some(Wish::Standing), _) => talk.greeted = true,
                (Some(Wish::Provision { .. }), _) => {
                    if let Err(refused) = *result {
                        effects.notice(Notice::NotProvisioned { refused });
                    }
                }
                (Some(wish), Some(desk)) => desk.done(now_ms, &wish, *result, effects),
                _ => {}
            },
            (FromDevice::Handled { handled, .. }, Some(desk)) => {
                if let Some(Wish::Statement {
                    lane,
                    statement,
                    found,
                }) = ended
                {
                    desk.handled(now_ms, (lane, statement, found), *handled, effects);
                }
            }
            (FromDevice::Paged { paged, .. }, Some(desk)) => {
                if let Some(Wish::Page { index, .. }) = ended {
                    desk.paged(now_ms, index, *paged, effects);
                }
            }
            (FromDevice::Wanted(wanted), Some(desk)) => desk.wants(*wanted),
            (FromDevice::Receipt(receipt), Some(desk)) => {
                desk.take_receipt(receipt, statement_under_way, effects);
            }
            (FromDevice::State(state), Some(desk)) => desk.take_state(now_ms, state, effects),
            // Nobody has asked for a request to be enrolled, and the rest is of no device.
            _ => {}
        }
    }

    /// The device has said what it is.
    fn meet(&mut self, now_ms: u64, standing: &Standing, effects: &mut Effects) {
        let Some(talk) = &mut self.talk else { return };
        if talk.standing.as_ref() == Some(standing) {
            return;
        }
        let is_first = talk.standing.replace(standing.clone()).is_none();
        talk.meets = match &standing.life {
            Life::Unprovisioned => Meets::Unprovisioned,
            Life::Shut(_) => Meets::Nobody,
            Life::Provisioned(found) if !self.options.admits(found) => Meets::Nobody,
            Life::Provisioned(found) => match &mut self.desk {
                Some(desk) if desk.identity == *found => {
                    if is_first {
                        desk.back(now_ms, standing.boot);
                    }
                    Meets::Ours
                }
                _ => Meets::New(found.clone()),
            },
        };
        if talk.greeted && talk.meets.new_here().is_some() {
            // It has just become somebody: it is asked for the rest.
            talk.ask_again();
        }
        // A line may be lost and found without any change of the device.
        if self.noted.as_ref() != Some(standing) {
            self.noted = Some(standing.clone());
            self.options.note(standing, effects);
        }
    }

    /// Serves a device that was not served before.
    fn serve(&mut self, identity: Identity, pulse: latch_link::Pulse, effects: &mut Effects) {
        let topics = match self.topics_of(&identity) {
            Ok(topics) => topics,
            Err(error) => {
                if let Some(talk) = &mut self.talk {
                    talk.meets = Meets::Nobody;
                }
                return effects.notice(Notice::NoTopics(error));
            }
        };
        let names = Names::new(topics, &identity.device);
        let boot = self.talk.as_ref().and_then(|talk| talk.standing.as_ref());
        let boot = boot.map_or(0, |standing| standing.boot);
        let mut desk = Desk::new(identity.clone(), names, pulse, boot);
        effects.push(LinkedEffect::Serve(identity));
        desk.count_receipts(effects);
        desk.subscribe(effects);
        self.desk = Some(Box::new(desk));
        if let Some(talk) = &mut self.talk {
            talk.meets = Meets::Ours;
        }
    }

    fn topics_of(&self, identity: &Identity) -> Result<Topics, TopicError> {
        Topics::new(&self.options.topic_prefix, &identity.tenant.to_string())
    }

    fn too_long(&mut self, most: usize, effects: &mut Effects) {
        let under_way = self.talk.as_mut().and_then(|talk| talk.under_way.take());
        if let (Some(Wish::Page { index, .. }), Some(desk)) =
            (under_way.map(|request| request.wish), &mut self.desk)
        {
            desk.shelf.remove(index);
        }
        effects.notice(Notice::TooLong { most });
    }

    fn go_on(&mut self, now_ms: u64, effects: &mut Effects) {
        let Some(talk) = &mut self.talk else { return };
        let mut desk = self
            .desk
            .as_deref_mut()
            .filter(|_| talk.meets == Meets::Ours);
        if let Some(desk) = &mut desk {
            desk.ask_again(now_ms, effects);
            desk.tell_losses(now_ms, effects);
            desk.follow(effects);
        }
        if talk.under_way.is_none() && !self.winding_down {
            let wish = match (talk.first_wish(self.options.bundle.as_ref()), &mut desk) {
                (Some(wish), _) => Some(wish),
                (None, Some(desk)) if talk.greeted => desk.next_wish(now_ms, effects),
                _ => None,
            };
            if let Some(wish) = wish {
                self.tag = self.tag.wrapping_add(1);
                effects.push(LinkedEffect::Say(talk.say(now_ms, self.tag, wish)));
            }
        }
        if let Some(desk) = desk.filter(|_| talk.greeted && !self.winding_down) {
            desk.want_pages(now_ms, effects);
        }
    }
}
