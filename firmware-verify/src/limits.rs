//! Every bound of the verifier, each with its reason. WIRE.md repeats those that
//! are part of the format.

/// Longest body that the envelope's `u16` length may announce. Page messages are
/// not envelopes, so nothing signed needs more.
pub const MAX_BODY: usize = 2560;
/// Signatures in one envelope: eight people or pipelines are more than any rule of
/// the field asks for, and each costs the device one Ed25519 verification.
pub const MAX_SIGNATURES: usize = 8;
/// Magic, kind, body version and body length.
pub const ENVELOPE_HEAD: usize = 12;
/// Key id (8) and Ed25519 signature (64, RFC 8032).
pub const SIGNATURE_LEN: usize = 72;
/// Longest envelope: head, body, count byte, signatures.
pub const MAX_ENVELOPE: usize = ENVELOPE_HEAD + MAX_BODY + 1 + MAX_SIGNATURES * SIGNATURE_LEN;

/// Body of a latch code: a full patch and the fields around it.
pub const MAX_CODE_BODY: usize = 1536;
/// Body of a trust root. A device reads its rules into this much of the stack at every code, so it is kept small;
/// eight keys and four latches with all their rules take under 700 bytes.
pub const MAX_ROOT_BODY: usize = 1536;
/// Body of a release manifest.
pub const MAX_MANIFEST_BODY: usize = 384;
/// Body of a device's enrolment.
pub const MAX_ENROLMENT_BODY: usize = 192;
/// A request to be enrolled: its envelope has the device's own signature.
pub const MAX_REQUEST_ENVELOPE: usize = ENVELOPE_HEAD + MAX_ENROLMENT_BODY + 1 + SIGNATURE_LEN;
/// Body of a time attestation.
pub const MAX_TIME_BODY: usize = 64;
/// Body of a revocation, or of a stop slip.
pub const MAX_REVOCATION_BODY: usize = 96;
/// Body of a receipt. The last eight live in the journal.
pub const MAX_RECEIPT_BODY: usize = 384;
/// What later releases may add to a receipt or state, in bytes: a reader keeps it unread.
pub const MAX_MORE: usize = 48;
/// A receipt with its one signature.
pub const MAX_RECEIPT_ENVELOPE: usize = ENVELOPE_HEAD + MAX_RECEIPT_BODY + 1 + SIGNATURE_LEN;
/// A state message with its one signature.
pub const MAX_STATE_ENVELOPE: usize = ENVELOPE_HEAD + MAX_STATE_BODY + 1 + SIGNATURE_LEN;
/// Body of a state message: a full twin, and the status around it.
pub const MAX_STATE_BODY: usize = MAX_TWIN + 384;

/// Keys in one trust root: five roles with threshold sets of three.
pub const MAX_KEYS: usize = 16;
/// Latches of one device; a set of latches fits a `u16`.
pub const MAX_LATCHES: usize = 16;
/// Property paths, and command names, that a root may assign to latches. The root's
/// size bounds them further; this bounds the work of one check.
pub const MAX_ASSIGNMENTS: usize = 64;
/// Components of a device besides the main one: a radio, a motor controller and a display make
/// a large device of those that share one update.
pub const MAX_COMPONENTS: usize = 3;
/// What all components of a device may need of each other together: four each.
pub const MAX_NEEDS: usize = 16;
/// Requirements of a release on other components.
pub const MAX_REQUIREMENTS: usize = 8;
/// Longest name of a latch or a command, in bytes.
pub const MAX_NAME: usize = 32;
/// Longest device name, in bytes; it is also an MQTT topic level.
pub const MAX_DEVICE: usize = 32;

/// Encoded entries of one twin patch or of one command's arguments.
pub const MAX_PATCH: usize = 1024;
/// Encoded entries of a whole twin. Held in RAM and in every snapshot of the journal.
pub const MAX_TWIN: usize = 2048;
/// Entries of a patch or twin; an entry takes at least three bytes, this bounds work.
pub const MAX_ENTRIES: usize = 256;
/// Levels of a twin path.
pub const MAX_DEPTH: usize = 4;
/// Longest key at one level of a twin path, in bytes.
pub const MAX_PATH_KEY: usize = 32;
/// Longest path: four keys and three separators.
pub const MAX_PATH: usize = MAX_DEPTH * MAX_PATH_KEY + MAX_DEPTH - 1;

/// Times are Unix milliseconds in 48 bits, so that a sequence holds one: year 10889.
pub const MAX_TIME_MS: u64 = (1 << 48) - 1;
/// Longest life that a rule may grant a code, in seconds: 400 days, the longest
/// that a public web certificate may have had. Longer means that nobody looks.
pub const MAX_LIFE_S: u32 = 400 * 24 * 3600;

/// Smallest page of an image as a power of two: 1 KiB. Below it, proofs outweigh data.
pub const MIN_PAGE_LOG2: u8 = 10;
/// Largest page of an image as a power of two: 16 KiB, what a device must hold in RAM.
pub const MAX_PAGE_LOG2: u8 = 14;
/// Largest image in bytes: 64 MiB.
pub const MAX_IMAGE: u32 = 64 << 20;
/// Hashes in a page's proof: 64 MiB of 1 KiB pages are 2^16 leaves.
pub const MAX_PROOF: usize = 16;

/// Burned codes that the device remembers one by one. When the table is full, the
/// oldest leaves and its issuer's floor rises to it.
pub const MAX_BURNED: usize = 32;
/// Outcomes whose receipts the device can send again.
pub const MAX_OUTCOMES: usize = 8;
/// Issuers with a floor: one a key of the root, and as many of roots before it.
pub const MAX_FLOORS: usize = 2 * MAX_KEYS;
/// Boots that a trial image has to confirm itself.
pub const TRIAL_BOOTS: u8 = 3;
/// Age to which a challenge is answered, in milliseconds: one hour.
pub const CHALLENGE_AGE_MS: u64 = 3_600_000;
/// Age at which a new challenge is published, in milliseconds: at half of its life, so that
/// whoever reads one has at least the other half to answer it.
pub const CHALLENGE_ROTATE_MS: u64 = CHALLENGE_AGE_MS / 2;
/// Age to which a pulse is answered by a time attestation, in milliseconds: as a challenge. The
/// older it is, the less the attested time says, which the device takes into account.
pub const PULSE_AGE_MS: u64 = CHALLENGE_AGE_MS;
/// Age at which a signed state carries a new pulse, in milliseconds: what an attestation that
/// comes at once leaves in doubt, and few enough nonces for the slowest source of randomness.
pub const PULSE_ROTATE_MS: u64 = 60_000;
/// Pulses in the time of a heartbeat that an open latch asks for, where that makes more of them
/// than [`PULSE_ROTATE_MS`]: so that one answer may be lost and the next be late.
pub const PULSES_A_HEARTBEAT: u16 = 3;
/// Shortest age at which a pulse is replaced, in milliseconds: a signed state a second is what a
/// small core can afford besides its work. No answer keeps up with a heartbeat below
/// [`PULSES_A_HEARTBEAT`] seconds.
pub const PULSE_LEAST_MS: u64 = 1000;
/// How long an attested time is trusted, in milliseconds: a day. By then a clock that runs
/// as badly as [`DRIFT_SHIFT`] allows is six minutes off.
pub const ATTESTED_AGE_MS: u64 = 24 * 3_600_000;
/// Ticks may run fast or slow by one part in 2 to this power: 0.4 %, four times what ceramic
/// resonators do, and what a trimmed RC oscillator keeps at room temperature.
pub const DRIFT_SHIFT: u32 = 8;
/// How far a broadcast attestation may raise the time floor beyond the ticks that have passed,
/// in milliseconds: a day a boot. Whoever holds the time keys takes a clock's word from a device for no
/// longer by it, unless the power is his too.
pub const BROADCAST_LEAP_MS: u64 = 24 * 3_600_000;
/// By how much the floor must rise for it to be written to the journal, in milliseconds: an
/// hour. Twenty-four writes a day are a fraction of a sector.
pub const FLOOR_STEP_MS: u64 = 3_600_000;
/// How far a trusted clock may lag behind the ticks before it counts as frozen or set back, in
/// milliseconds, beyond drift: a leap second smeared over a day, with room.
pub const CLOCK_LAG_MS: u64 = 5_000;
/// Signatures of codes that may be checked in a burst. Eight full envelopes; on a Cortex-M4 at
/// 64 MHz, two seconds of work.
pub const CODE_SIGNATURES: u32 = 64;
/// Time in which one signature check for codes comes back, in milliseconds: four a second take
/// an eighth of such a processor.
pub const CODE_REFILL_MS: u64 = 250;
/// Signatures that may be checked in a burst for each kind that has a reserve of its own: codes
/// that answer the device's challenge or close, revocations, and time. Two full envelopes.
pub const RESERVED_SIGNATURES: u32 = 16;
/// Time in which one reserved signature check comes back, in milliseconds.
pub const RESERVED_REFILL_MS: u64 = 1_000;
/// Receipts that may be signed again in a burst, for codes that come again.
pub const REPEATS: u32 = 64;
/// Time in which one repeated receipt comes back, in milliseconds.
pub const REPEAT_REFILL_MS: u64 = 1_000;
/// Refusals that may be written to the journal in a burst, before the budget refills.
pub const WRITE_BUDGET: u32 = 64;
/// Time in which one write of the refusal budget comes back, in milliseconds: 64 an hour at
/// some 450 bytes each fill a 16 KiB sector twice an hour, 10,000 erases of one sector in 600 days.
pub const WRITE_REFILL_MS: u64 = 56_250;

/// Longest journal record: a snapshot's twin or root with its record head.
pub const MAX_RECORD: usize = 2304;
/// What a snapshot may take at most; a journal sector holds at least this and
/// [`JOURNAL_TAIL`]. The sum is proven in `record.rs`.
pub const MAX_SNAPSHOT: usize = 16 * 1024;
/// Room for records after the largest snapshot: with [`MAX_SNAPSHOT`] and the head of a
/// sector it makes 20 KiB, five erase blocks of 4 KiB. Common snapshots take a quarter of
/// theirs, and leave the rest for records too.
pub const JOURNAL_TAIL: usize = 3 * 1024 + 512;
/// Bytes of records that a journal sector holds at least. A sector is the smallest multiple
/// of the flash's erase size that holds them; the journal needs two, and takes up to eight.
pub const JOURNAL_SECTOR: usize = MAX_SNAPSHOT + JOURNAL_TAIL;
