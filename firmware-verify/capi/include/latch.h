/* The C interface of Latch: see README.md beside this folder. Made from the sources of latch-capi by its test `header`;
   do not edit.

   Every function returns LATCH_OK or a number that says why not: see latch_result_t. One thread at a time may be inside a
   device, its callbacks included. */

#ifndef LATCH_H
#define LATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if UINTPTR_MAX > 0xffffffffu
#define LATCH_POINTERS_64
#else
#define LATCH_POINTERS_32
#endif

/* Bytes of the buffer for what a link takes in, where the largest page of an image has `page` bytes. */
#define LATCH_LINK_IN_SIZE(page)                                                                                                \
    ((page) + LATCH_LINK_AROUND_PAGE > LATCH_LINK_LEAST_IN ? (page) + LATCH_LINK_AROUND_PAGE : LATCH_LINK_LEAST_IN)

/* Reasons for a refusal. The numbers are those of receipts, and never get a second meaning. */
enum {
    /* the message is shorter or longer than a statement of its kind can be */
    LATCH_REASON_BAD_LENGTH = 101,
    /* the message is not a latch statement: it does not begin with latch-v1 */
    LATCH_REASON_BAD_MAGIC = 102,
    /* the statement is of another kind than belongs here */
    LATCH_REASON_WRONG_KIND = 103,
    /* the statement's body version is not understood: use one that the device's state lists */
    LATCH_REASON_UNKNOWN_BODY_VERSION = 104,
    /* the lengths inside the statement do not add up to its length */
    LATCH_REASON_LENGTH_MISMATCH = 105,
    /* a statement carries 1 to 8 signatures */
    LATCH_REASON_SIGNATURE_COUNT = 106,
    /* a key has signed twice: every signature needs a key of its own */
    LATCH_REASON_DUPLICATE_KEY = 107,
    /* a signature is by a key that is not in the trust root in force */
    LATCH_REASON_UNKNOWN_KEY = 108,
    /* a signature does not fit the statement and its key: it was altered, or signed by another key */
    LATCH_REASON_BAD_SIGNATURE = 109,
    /* the body cannot be decoded */
    LATCH_REASON_NOT_DECODABLE = 110,
    /* bytes follow the end of the body */
    LATCH_REASON_TRAILING_BYTES = 111,
    /* the body is not in its one canonical encoding */
    LATCH_REASON_NOT_CANONICAL = 112,
    /* a list in the body is longer than its bound */
    LATCH_REASON_TOO_MANY_ENTRIES = 113,
    /* the statement belongs to another tenant */
    LATCH_REASON_OTHER_TENANT = 201,
    /* the code names another device */
    LATCH_REASON_OTHER_DEVICE = 202,
    /* the device lies outside the cohort that was signed */
    LATCH_REASON_OUTSIDE_COHORT = 203,
    /* the statement is for another product */
    LATCH_REASON_OTHER_PRODUCT = 204,
    /* the code is for another enrolment of this device: sign it again for the current one */
    LATCH_REASON_OTHER_INCARNATION = 205,
    /* the code was used before, and its receipt is no longer kept; its number in the chain is what was expected */
    LATCH_REASON_ALREADY_USED = 301,
    /* another code of this issuer has used this sequence: sign again */
    LATCH_REASON_SEQUENCE_REUSED = 302,
    /* the code is older than this device still remembers of its issuer: sign a new one */
    LATCH_REASON_BELOW_FLOOR = 303,
    /* the issuer has changed the twin with a newer code already: sign a new one */
    LATCH_REASON_OUT_OF_ORDER = 304,
    /* what its issuer signed up to this code was revoked: have it signed by another key */
    LATCH_REASON_REVOKED = 305,
    /* a stop slip has voided this code: sign a new one if it is still wanted */
    LATCH_REASON_STOPPED = 306,
    /* the device remembers too many issuers of earlier trust roots: raise the epoch of the root */
    LATCH_REASON_ISSUERS_FULL = 307,
    /* the code belongs to another epoch of the trust root: sign it again under the current one */
    LATCH_REASON_OTHER_EPOCH = 401,
    /* the trust root gives this device no such latch */
    LATCH_REASON_NO_SUCH_LATCH = 402,
    /* this latch has no break-glass rule */
    LATCH_REASON_NO_BREAK_GLASS = 403,
    /* break-glass codes are for one device at a time */
    LATCH_REASON_BREAK_GLASS_AUDIENCE = 404,
    /* the issuer that the code names has not signed it */
    LATCH_REASON_ISSUER_DID_NOT_SIGN = 405,
    /* the issuer's key has a role that cannot issue codes under this rule */
    LATCH_REASON_ISSUER_ROLE = 406,
    /* too few operators have signed for this latch */
    LATCH_REASON_TOO_FEW_OPERATORS = 407,
    /* too few approvers have signed for this latch; the issuer never counts */
    LATCH_REASON_TOO_FEW_APPROVERS = 408,
    /* too few break-glass keys have signed for this latch */
    LATCH_REASON_TOO_FEW_BREAK_GLASS = 409,
    /* the code ends before it begins */
    LATCH_REASON_ENDS_BEFORE_BEGIN = 410,
    /* the code is valid for longer than the latch's rule allows */
    LATCH_REASON_LIVES_TOO_LONG = 411,
    /* the code's sequence lies after its end */
    LATCH_REASON_SEQUENCE_AFTER_END = 412,
    /* the action belongs behind another latch than the code opens */
    LATCH_REASON_WRONG_LATCH = 413,
    /* a property of the patch belongs behind another latch than the code opens */
    LATCH_REASON_PROPERTY_ELSEWHERE = 414,
    /* the trust root assigns this command to no latch, so it cannot run */
    LATCH_REASON_COMMAND_UNASSIGNED = 415,
    /* a code that carries a challenge is for one device */
    LATCH_REASON_CHALLENGE_AUDIENCE = 416,
    /* this latch's rule does not let it stay open for a time */
    LATCH_REASON_NEVER_OPENS = 417,
    /* the latch would stay open for longer, in all, than its rule allows */
    LATCH_REASON_OPEN_TOO_LONG = 418,
    /* the latch asks for a code that answers the device's challenge: take it from the device's last receipt or state */
    LATCH_REASON_CHALLENGE_MISSING = 501,
    /* the code answers a challenge that the device no longer asks: sign again with the current one */
    LATCH_REASON_CHALLENGE_STALE = 502,
    /* the latch asks for trusted time and the device has none now */
    LATCH_REASON_NO_TRUSTED_TIME = 503,
    /* the code is not valid yet */
    LATCH_REASON_NOT_YET_VALID = 504,
    /* the code has expired */
    LATCH_REASON_EXPIRED = 505,
    /* the attestation answers a pulse that the device no longer asks: attest the one in its last state */
    LATCH_REASON_PULSE_STALE = 506,
    /* the attested time lies before what the device knows already */
    LATCH_REASON_TIME_BEHIND = 507,
    /* the running firmware lies outside the range that the code was signed for */
    LATCH_REASON_FIRMWARE_OUTSIDE = 601,
    /* the twin has changed since the code was signed: read it and sign again */
    LATCH_REASON_TWIN_VERSION = 602,
    /* the code was signed for another boot of the device */
    LATCH_REASON_OTHER_BOOT = 603,
    /* the device's posture does not satisfy the latch's rule, or is not known */
    LATCH_REASON_POSTURE = 604,
    /* a path is empty, too deep, or holds a character that paths may not hold */
    LATCH_REASON_BAD_PATH = 701,
    /* paths must be in order, each once, none below another */
    LATCH_REASON_PATH_ORDER = 702,
    /* a value stands where it may not */
    LATCH_REASON_BAD_VALUE = 703,
    /* the patch is larger than the device takes */
    LATCH_REASON_PATCH_TOO_LARGE = 704,
    /* the twin would grow larger than the device can keep */
    LATCH_REASON_TWIN_TOO_LARGE = 705,
    /* this device does not serve this action */
    LATCH_REASON_ACTION_NOT_SERVED = 706,
    /* the device is still carrying out another code: nothing was burned, send it again later */
    LATCH_REASON_BUSY = 707,
    /* a name is empty, too long, or holds a character that names may not hold */
    LATCH_REASON_BAD_NAME = 708,
    /* the device is locked down: a code behind the trust latch has to lift that first */
    LATCH_REASON_LOCKED_DOWN = 709,
    /* the latch is open already: renew it */
    LATCH_REASON_ALREADY_OPEN = 710,
    /* the latch is not open, so it cannot be renewed: open it */
    LATCH_REASON_NOT_OPEN = 711,
    /* the latch was opened under another rule: renew it under that one, or close it first */
    LATCH_REASON_OPENED_OTHERWISE = 712,
    /* the device has checked as many signatures as it may for now: nothing was burned, send it again later */
    LATCH_REASON_THROTTLED = 713,
    /* the device has not received the release manifest that the code names */
    LATCH_REASON_MANIFEST_MISSING = 801,
    /* too few release keys have signed the manifest */
    LATCH_REASON_TOO_FEW_RELEASE = 802,
    /* a field of the release manifest lies outside its bounds */
    LATCH_REASON_BAD_MANIFEST = 803,
    /* the release's security version is below the device's floor, which never goes down */
    LATCH_REASON_BELOW_SECURITY_FLOOR = 804,
    /* the release is not newer than the one that runs */
    LATCH_REASON_NOT_NEWER = 805,
    /* the release does not install over the version that runs */
    LATCH_REASON_CURRENT_OUTSIDE = 806,
    /* the release needs another version of one of the device's components */
    LATCH_REASON_REQUIREMENT_UNMET = 807,
    /* the image is larger than the slot for it */
    LATCH_REASON_IMAGE_TOO_LARGE = 808,
    /* no installation is under way that would take this */
    LATCH_REASON_NO_INSTALL = 809,
    /* the page belongs to another release than the one being installed */
    LATCH_REASON_OTHER_RELEASE = 810,
    /* the page is not the one that the device waits for */
    LATCH_REASON_PAGE_ORDER = 811,
    /* the page or its proof has the wrong length */
    LATCH_REASON_PAGE_LENGTH = 812,
    /* the page is not part of the signed image */
    LATCH_REASON_PAGE_HASH = 813,
    /* what was read back from the slot is not the signed image */
    LATCH_REASON_SLOT_MISMATCH = 814,
    /* the device has no such component */
    LATCH_REASON_NO_SUCH_COMPONENT = 815,
    /* the new image did not confirm itself within its trial boots */
    LATCH_REASON_TRIAL_EXPIRED = 816,
    /* the new image reported that it does not work */
    LATCH_REASON_TRIAL_FAILED = 817,
    /* the release's pages are larger than the device can hold */
    LATCH_REASON_PAGE_TOO_LARGE = 818,
    /* the code of the installation lost its force before the image was complete */
    LATCH_REASON_INSTALL_VOID = 819,
    /* another release was asked for before this one was complete */
    LATCH_REASON_SUPERSEDED = 820,
    /* a signature on the release manifest is not good, or by a key that is not in the trust root: publish the release again */
    LATCH_REASON_MANIFEST_NOT_SIGNED = 821,
    /* another component of the device does not work with this version: update that one first */
    LATCH_REASON_REQUIREMENT_BROKEN = 822,
    /* the device's components need more of each other than it can remember: publish the release with fewer requirements */
    LATCH_REASON_TOO_MANY_REQUIREMENTS = 823,
    /* the trust root lists a key twice */
    LATCH_REASON_KEY_TWICE = 901,
    /* the trust root lists a key that is weak or not canonical: make a new one */
    LATCH_REASON_WEAK_KEY = 902,
    /* the trust root asks for more signatures than it lists keys */
    LATCH_REASON_THRESHOLD_UNREACHABLE = 903,
    /* the trust root asks for no signature where one is needed */
    LATCH_REASON_THRESHOLD_ZERO = 904,
    /* the trust root's lists must be in order, each entry once */
    LATCH_REASON_ROOT_ORDER = 905,
    /* the trust root assigns a property or command to a latch that it does not list */
    LATCH_REASON_ASSIGNED_NOWHERE = 906,
    /* a rule is weaker than its latch may have: firmware, trust and opening need a challenge or trusted time */
    LATCH_REASON_RULE_TOO_WEAK = 907,
    /* a rule's lifetime lies outside its bounds */
    LATCH_REASON_RULE_BOUNDS = 908,
    /* too few root keys have signed the trust root */
    LATCH_REASON_TOO_FEW_ROOT = 909,
    /* the enrolment is not signed by the key that it names */
    LATCH_REASON_NOT_DEVICE_KEY = 911,
    /* no operator has countersigned the enrolment */
    LATCH_REASON_NOT_COUNTERSIGNED = 912,
    /* the device is provisioned already */
    LATCH_REASON_ALREADY_PROVISIONED = 913,
    /* the trust root must list the twin, firmware and trust latches */
    LATCH_REASON_LATCH_MISSING = 914,
    /* the trust root is not the next version: each version follows from the one before */
    LATCH_REASON_ROOT_NOT_NEXT = 915,
    /* the trust root's epoch lies before the one in force */
    LATCH_REASON_EPOCH_BACK = 916,
    /* the trust root lists the device's own key: a key has one role only */
    LATCH_REASON_DEVICE_KEY_LISTED = 917,
    /* too few time keys have signed the attestation, or the trust root lists none */
    LATCH_REASON_TOO_FEW_TIME = 918,
    /* only the issuer itself, or as many root keys as the trust root asks for, can revoke */
    LATCH_REASON_NOT_REVOKER = 919,
    /* this key signs no codes, so there is nothing to revoke: publish a trust root without it */
    LATCH_REASON_NOT_REVOCABLE = 921,
    /* too few root keys of the trust root in force have signed its successor */
    LATCH_REASON_TOO_FEW_OLD_ROOT = 920,
    /* the device's storage could not be read or written: nothing was opened */
    LATCH_REASON_STORAGE_FAULT = 1001,
    /* the device's source of randomness failed */
    LATCH_REASON_NO_ENTROPY = 1002,
    /* the device's journal is unreadable: it stays shut until it is recovered */
    LATCH_REASON_LATCHED_SHUT = 1003,
    /* the device's key could not sign */
    LATCH_REASON_KEY_FAULT = 1004,
    /* the device is not provisioned */
    LATCH_REASON_UNPROVISIONED = 1005,
    /* the buffer for the answer is too small */
    LATCH_REASON_BUFFER_TOO_SMALL = 1006,
    /* the device found itself in a state that cannot be: please report it */
    LATCH_REASON_LOGIC_FAULT = 1007,
    /* the device's journal is older than its counter says: it was put back, and stays shut until it is recovered */
    LATCH_REASON_ROLLED_BACK = 1008,
    /* the device's monotonic counter could not be read or raised: nothing was opened */
    LATCH_REASON_COUNTER_FAULT = 1009,
    /* the device's memory was changed by something else than the device: everything stays shut until it boots again */
    LATCH_REASON_MEMORY_FAULT = 1010,
};

/**
 * Bytes that every receipt fits in.
 */
#define LATCH_RECEIPT_SIZE 469

/**
 * Bytes that every state fits in.
 */
#define LATCH_STATE_SIZE 2517

/**
 * Receipts that a device keeps for being sent again.
 */
#define LATCH_RECENT 8

/**
 * The version of this interface. Parts carry it, so that a program built with another header is refused.
 */
#define LATCH_ABI 2

/**
 * Words of a key made of a seed. Checked when the library is built.
 */
#define LATCH_SEED_WORDS 9

/**
 * Bytes that every request fits in.
 */
#define LATCH_REQUEST_SIZE 277

/**
 * Components that a device may have besides the main one.
 */
#define LATCH_COMPONENTS 3

#if defined(LATCH_POINTERS_32)
/**
 * Words of a device's storage, on targets with pointers of 32 bits. Checked when the library is built.
 */
#define LATCH_DEVICE_WORDS 1072
#endif

#if defined(LATCH_POINTERS_64)
/**
 * Words of a device's storage, on targets with pointers of 64 bits. Checked when the library is built.
 */
#define LATCH_DEVICE_WORDS 1088
#endif

/**
 * Bytes of a device's storage.
 */
#define LATCH_DEVICE_SIZE (LATCH_DEVICE_WORDS * 8)

/**
 * Alignment of a device's storage, in bytes.
 */
#define LATCH_DEVICE_ALIGNMENT 8

/**
 * No need to come again.
 */
#define LATCH_NEVER 18446744073709551615ull

/**
 * Bytes of a device's name, and a zero behind it.
 */
#define LATCH_DEVICE_NAME_SIZE 33

/**
 * Bytes of the buffer through which a journal is read.
 */
#define LATCH_RECORD_SIZE 2304

#if defined(LATCH_POINTERS_32)
/**
 * Words of a bootloader. Checked when the library is built.
 */
#define LATCH_BOOTLOADER_WORDS 160
#endif

#if defined(LATCH_POINTERS_64)
/**
 * Words of a bootloader. Checked when the library is built.
 */
#define LATCH_BOOTLOADER_WORDS 176
#endif

/**
 * Words of a restoration. Checked when the library is built.
 */
#define LATCH_RESTORATION_WORDS 32

/**
 * Words of a link, besides its buffers. Checked when the library is built.
 */
#define LATCH_LINK_WORDS 72

/**
 * Bytes of a frame on the line, at most.
 */
#define LATCH_LINE_SIZE 276

/**
 * Bytes of the longest statement with its manifest, as a message: the least that a link takes in.
 */
#define LATCH_LINK_LEAST_IN 3104

/**
 * Bytes of a page message around the page.
 */
#define LATCH_LINK_AROUND_PAGE 536

/**
 * Bytes that take everything a device says on its way out, and leave short messages room beside a long one.
 */
#define LATCH_LINK_OUT_SIZE 3034

/**
 * What stands at the end of a path.
 */
enum latch_value_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * In a patch: what was here is deleted. Stands nowhere else.
     */
    LATCH_VALUE_NULL = 0,
    /**
     * `boolean`.
     */
    LATCH_VALUE_BOOL = 1,
    /**
     * `integer`.
     */
    LATCH_VALUE_INT = 2,
    /**
     * `text`.
     */
    LATCH_VALUE_TEXT = 3,
    /**
     * `bytes`.
     */
    LATCH_VALUE_BYTES = 4,
    /**
     * An object with nothing in it.
     */
    LATCH_VALUE_EMPTY = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_value_kind_t latch_value_kind_t;
#else
typedef uint32_t latch_value_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What came of a statement.
 */
enum latch_verdict_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * There is a verdict: send the receipt. latch_serve has sent it.
     */
    LATCH_VERDICT_ANSWERED = 0,
    /**
     * Taken in, or in force already; there is nothing to tell.
     */
    LATCH_VERDICT_NOTED = 1,
    /**
     * Not meant for this device, from nobody it knows, or beyond its budget: counted. `refusal` says why.
     */
    LATCH_VERDICT_IGNORED = 2,
    /**
     * The code asks for the release `manifest`: find it, then submit both. Nothing was burned.
     */
    LATCH_VERDICT_MANIFEST_WANTED = 3,
    /**
     * From latch_submit: the code is burned. Carry `action` out now, then latch_settle.
     */
    LATCH_VERDICT_UNLATCHED = 4,
    /**
     * From latch_serve: the code is burned and its action was carried out, but no receipt could be made. `refusal` says
     * why; the next boot tells what is known.
     */
    LATCH_VERDICT_UNTOLD = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_verdict_kind_t latch_verdict_kind_t;
#else
typedef uint32_t latch_verdict_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is to be done.
 */
enum latch_action_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing.
     */
    LATCH_ACTION_NONE = 0,
    /**
     * Make the desired properties real: those of `twin`, of which `patch` has changed. May be handed out again after a
     * restart, so carrying it out twice must do no more than once.
     */
    LATCH_ACTION_TWIN = 1,
    /**
     * Run the command `name` with `arguments`. Handed out once.
     */
    LATCH_ACTION_COMMAND = 2,
    /**
     * Open what stands behind `latch`, for `seconds`. Where the system behind it can end the opening by itself, let it.
     */
    LATCH_ACTION_OPEN = 3,
    /**
     * Leave what stands behind `latch` open, for `seconds` from now.
     */
    LATCH_ACTION_RENEW = 4,
    /**
     * Shut what stands behind `latch`.
     */
    LATCH_ACTION_CLOSE = 5,
    /**
     * Shut everything.
     */
    LATCH_ACTION_LOCKDOWN = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_action_kind_t latch_action_kind_t;
#else
typedef uint32_t latch_action_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a latch has closed.
 */
enum latch_close_cause_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A code has closed it.
     */
    LATCH_CLOSE_CODE = 0,
    /**
     * Its time was over.
     */
    LATCH_CLOSE_TIME = 1,
    /**
     * The device has booted.
     */
    LATCH_CLOSE_REBOOT = 2,
    /**
     * No heartbeat came within the rule's time.
     */
    LATCH_CLOSE_SILENCE = 3,
    /**
     * The posture no longer satisfied the rule, for longer than its grace.
     */
    LATCH_CLOSE_POSTURE = 4,
    /**
     * The context that the code named no longer held, for longer than the rule's grace.
     */
    LATCH_CLOSE_CONTEXT = 5,
    /**
     * The code that had opened it was revoked or stopped.
     */
    LATCH_CLOSE_REVOKED = 6,
    /**
     * A new trust root has voided the code that had opened it.
     */
    LATCH_CLOSE_TRUST = 7,
    /**
     * The device was locked down.
     */
    LATCH_CLOSE_LOCKDOWN = 8,
    /**
     * Its opening could not be recorded, or the device's memory is not whole any more.
     */
    LATCH_CLOSE_FAULT = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_close_cause_t latch_close_cause_t;
#else
typedef uint32_t latch_close_cause_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a look at the device has found.
 */
enum latch_polled_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing is to be done until `wake_in_ms`.
     */
    LATCH_POLLED_IDLE = 0,
    /**
     * `latch` has closed by itself: shut what stands behind it, then look again.
     */
    LATCH_POLLED_CLOSED = 1,
    /**
     * A download has lost its code's force. Look again.
     */
    LATCH_POLLED_INSTALL_ENDED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_polled_kind_t latch_polled_kind_t;
#else
typedef uint32_t latch_polled_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is known about the time.
 */
enum latch_time_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing.
     */
    LATCH_TIME_UNKNOWN = 0,
    /**
     * It is at least this late.
     */
    LATCH_TIME_FLOOR = 1,
    /**
     * It is this late, by a source that the device trusts.
     */
    LATCH_TIME_TRUSTED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_time_kind_t latch_time_kind_t;
#else
typedef uint32_t latch_time_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How far an installation has come.
 */
enum latch_install_phase_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None is under way.
     */
    LATCH_INSTALL_NONE = 0,
    /**
     * Pages are coming in.
     */
    LATCH_INSTALL_RECEIVING = 1,
    /**
     * All pages are durable: arm.
     */
    LATCH_INSTALL_RECEIVED = 2,
    /**
     * The slot holds the signed image: the next boot tries it.
     */
    LATCH_INSTALL_ARMED = 3,
    /**
     * The new image runs, or lies ready for its component, and has not confirmed itself.
     */
    LATCH_INSTALL_TRIAL = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_install_phase_t latch_install_phase_t;
#else
typedef uint32_t latch_install_phase_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What came of a page.
 */
enum latch_page_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It is in its slot; more are wanted.
     */
    LATCH_PAGE_KEPT = 0,
    /**
     * It was the last: latch_arm comes next.
     */
    LATCH_PAGE_COMPLETE = 1,
    /**
     * It was the last of the confirmed image, which its slot holds again: reset, and it starts.
     */
    LATCH_PAGE_RESTORED = 2,
    /**
     * It was refused, and changed nothing: `refusal` says why.
     */
    LATCH_PAGE_REFUSED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_page_kind_t latch_page_kind_t;
#else
typedef uint32_t latch_page_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What to start.
 */
enum latch_start_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * No slot holds anything that may run: the recovery program, which boots as LATCH_STARTED_RECOVERY.
     */
    LATCH_START_RECOVERY = 0,
    /**
     * The confirmed image.
     */
    LATCH_START_CONFIRMED = 1,
    /**
     * The new image, which has to confirm itself. Start a watchdog first.
     */
    LATCH_START_TRIAL = 2,
    /**
     * The image that was confirmed before the confirmed one, whose slot does not hold it.
     */
    LATCH_START_FALLBACK = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_start_kind_t latch_start_kind_t;
#else
typedef uint32_t latch_start_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What has happened to a link.
 */
enum latch_happened_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing since it was asked last.
     */
    LATCH_HAPPENED_NOTHING = 0,
    /**
     * There is a host, which knows nothing of what was before: tell it standing, pulse and wants.
     */
    LATCH_HAPPENED_UP = 1,
    /**
     * The host was not heard for too long. With any host that is lost, what was on its way to it may have arrived or not, and
     * what it had asked is gone: end it no more.
     */
    LATCH_HAPPENED_LOST_SILENT = 2,
    /**
     * The host, or what came in its place, has started again.
     */
    LATCH_HAPPENED_LOST_RESTARTED = 3,
    /**
     * The host was heard, and did not answer what it was sent.
     */
    LATCH_HAPPENED_LOST_UNANSWERED = 4,
    /**
     * The host said what nobody says who keeps to the protocol.
     */
    LATCH_HAPPENED_LOST_BREACH = 5,
    /**
     * The device gave it up.
     */
    LATCH_HAPPENED_LOST_GIVEN_UP = 6,
    /**
     * Somebody is there who speaks another major version of the protocol.
     */
    LATCH_HAPPENED_OTHER_VERSION = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_happened_t latch_happened_t;
#else
typedef uint32_t latch_happened_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a host asks: with the numbers of LINK.md. Each request is ended once, with its tag.
 */
enum latch_ask_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing has come.
     */
    LATCH_ASK_NOTHING = 0,
    /**
     * Judge the statement `body`, with `release`: latch_serve, then latch_link_end_statement.
     */
    LATCH_ASK_STATEMENT = 1,
    /**
     * Take the page message `body`: latch_page, then latch_link_end_page.
     */
    LATCH_ASK_PAGE = 2,
    /**
     * Tell the state: latch_state, latch_link_tell_state, then latch_link_end_request. As with all that follow.
     */
    LATCH_ASK_STATE = 3,
    /**
     * Tell the last receipt for `statement` again: latch_receipt, latch_link_tell_receipt.
     */
    LATCH_ASK_RECEIPT = 4,
    /**
     * Tell the receipt `number` again: latch_receipt_numbered, latch_link_tell_receipt.
     */
    LATCH_ASK_RECEIPT_NUMBERED = 5,
    /**
     * Make the request to be enrolled as `name`: latch_enrolment_request_as, latch_link_tell_request.
     */
    LATCH_ASK_REQUEST = 6,
    /**
     * Begin your life with the trust root `body` and with `enrolment`: latch_provision.
     */
    LATCH_ASK_PROVISION = 7,
    /**
     * Tell standing, pulse and wants again.
     */
    LATCH_ASK_STANDING = 8,
    /**
     * It cannot be read, or this release does not know it: end it with LATCH_REASON_NOT_DECODABLE.
     */
    LATCH_ASK_MALFORMED = 255,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_ask_kind_t latch_ask_kind_t;
#else
typedef uint32_t latch_ask_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a bootloader has started, as the program knows that it started.
 */
enum latch_started_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nobody has chosen: what the journal names next is taken for what runs.
     */
    LATCH_STARTED_UNKNOWN = 0,
    /**
     * The image in a slot.
     */
    LATCH_STARTED_SLOT = 1,
    /**
     * The recovery program, which lies in no slot.
     */
    LATCH_STARTED_RECOVERY = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_started_kind_t latch_started_kind_t;
#else
typedef uint32_t latch_started_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What the caller has of the release that a code may ask to install.
 */
enum latch_release_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Not looked for yet.
     */
    LATCH_RELEASE_NOT_ASKED = 0,
    /**
     * Looked for and not found.
     */
    LATCH_RELEASE_NOT_FOUND = 1,
    /**
     * `manifest` is its manifest's envelope.
     */
    LATCH_RELEASE_FOUND = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_release_kind_t latch_release_kind_t;
#else
typedef uint32_t latch_release_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a device keeps its key.
 */
enum latch_key_kept_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * In a file or in flash that software can read.
     */
    LATCH_KEY_IN_SOFTWARE = 0,
    /**
     * In a secure element, TPM or key slot that does not give it out.
     */
    LATCH_KEY_IN_HARDWARE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_key_kept_t latch_key_kept_t;
#else
typedef uint32_t latch_key_kept_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which program speaks.
 */
enum latch_program_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The product's own.
     */
    LATCH_PROGRAM_APPLICATION = 0,
    /**
     * The one for when no slot holds anything that may run.
     */
    LATCH_PROGRAM_RECOVERY = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_program_t latch_program_t;
#else
typedef uint32_t latch_program_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How far a device's life has come.
 */
enum latch_life_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It is nobody's yet: it makes requests, and can be provisioned.
     */
    LATCH_LIFE_UNPROVISIONED = 0,
    /**
     * It is this device, and takes statements.
     */
    LATCH_LIFE_PROVISIONED = 1,
    /**
     * It did not come up, and stays shut.
     */
    LATCH_LIFE_SHUT = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_life_t latch_life_t;
#else
typedef uint32_t latch_life_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a program was started.
 */
enum latch_why_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * No bootloader has told.
     */
    LATCH_WHY_UNKNOWN = 0,
    /**
     * It is the confirmed image.
     */
    LATCH_WHY_CONFIRMED = 1,
    /**
     * It is a new image, which has to confirm itself.
     */
    LATCH_WHY_TRIAL = 2,
    /**
     * It is the image before the confirmed one, which is lost.
     */
    LATCH_WHY_FALLBACK = 3,
    /**
     * No slot holds anything that may run.
     */
    LATCH_WHY_RECOVERY = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum latch_why_t latch_why_t;
#else
typedef uint32_t latch_why_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What came of a call: [`LATCH_OK`]; the number of a refusal, 101 to 1999 (`LATCH_REASON_...`); or one of those below.
 */
typedef uint32_t latch_result_t;

/**
 * A device. Declare it static, or zero it before its first use; it has to stay where it is from its boot to its end.
 */
typedef struct latch_device_t {
    /**
     * Nobody's but the library's.
     */
    uint64_t opaque[LATCH_DEVICE_WORDS];
} latch_device_t;

/**
 * The last refusal and its evidence.
 */
typedef struct latch_refusal_t {
    /**
     * Number of the reason (`LATCH_REASON_...`); 0 for none.
     */
    latch_result_t reason;
    /**
     * What would have been accepted: a count, version, time or length. 0 where the reason says it all.
     */
    uint64_t expected;
    /**
     * What was found instead.
     */
    uint64_t found;
} latch_refusal_t;

/**
 * Text that somebody else keeps: UTF-8, without a zero at its end. Print it with "%.*s".
 */
typedef struct latch_text_t {
    /**
     * Its first byte; may be NULL where there is none.
     */
    const char *text;
    /**
     * Its bytes.
     */
    size_t len;
} latch_text_t;

/**
 * Names a statement: the first 16 bytes of the SHA-256 of its signed message.
 */
typedef struct latch_statement_id_t {
    /**
     * The bytes.
     */
    uint8_t id[16];
} latch_statement_id_t;

/**
 * A key made of a seed. Has to live, and to stay where it is, as long as devices that use it.
 */
typedef struct latch_seed_t {
    uint64_t opaque[LATCH_SEED_WORDS];
} latch_seed_t;

/**
 * The device's own key, an Ed25519 key: in a secure element behind these callbacks, or kept as a seed
 * (latch_seed_key fills this in).
 */
typedef struct latch_key_t {
    /**
     * Handed to each callback.
     */
    void *context;
    /**
     * Writes the 32 bytes of the public key. Asked once a boot.
     */
    int32_t (*public_key)(void *context, uint8_t *out);
    /**
     * Writes the 64 bytes of the signature of a message: Ed25519 as in RFC 8032, the same each time.
     */
    int32_t (*sign)(void *context, const uint8_t *message, size_t len, uint8_t *signature);
} latch_key_t;

/**
 * What a new device is to be called. Names end with a zero.
 */
typedef struct latch_name_t {
    /**
     * Its tenant: 1 to 16 of `A-Z a-z 0-9 . _ -`, or 32 hexadecimal digits.
     */
    const char *tenant;
    /**
     * Its product, likewise.
     */
    const char *product;
    /**
     * Its name: 1 to 32 of `A-Z a-z 0-9 . _ -`.
     */
    const char *device;
    /**
     * Its enrolment, from 1: the next one after a board swap.
     */
    uint32_t incarnation;
    /**
     * One of latch_key_kept_t.
     */
    uint32_t key_kept;
} latch_name_t;

/**
 * Who the device is.
 */
typedef struct latch_identity_t {
    /**
     * Its tenant: a name filled up with zeros, or any 16 bytes.
     */
    uint8_t tenant[16];
    /**
     * Its product, likewise.
     */
    uint8_t product[16];
    /**
     * Its name, with a zero at its end.
     */
    char device[LATCH_DEVICE_NAME_SIZE];
    /**
     * Its enrolment.
     */
    uint32_t incarnation;
} latch_identity_t;

/**
 * A region of NOR flash, from its own offset 0. The library asks for nothing beyond `capacity`; reads may begin and end
 * anywhere, writes come in whole write units of the library's, erases in whole erase blocks. A write unit is written once
 * between two erases, which sets all its bits.
 */
typedef struct latch_flash_t {
    /**
     * Handed to each callback.
     */
    void *context;
    /**
     * Bytes, in whole erase blocks. 0 for a region that is not there: a device without slots installs nothing.
     */
    uint32_t capacity;
    /**
     * Bytes of the part's own write unit: has to divide `latch_flash_write_size()`.
     */
    uint32_t write_size;
    /**
     * Bytes of the part's own erase block: has to divide `latch_flash_erase_size()`.
     */
    uint32_t erase_size;
    /**
     * Reads `len` bytes.
     */
    int32_t (*read)(void *context, uint32_t offset, uint8_t *out, size_t len);
    /**
     * Writes `len` bytes. Durable when it returns.
     */
    int32_t (*write)(void *context, uint32_t offset, const uint8_t *bytes, size_t len);
    /**
     * Erases `len` bytes. Durable when it returns.
     */
    int32_t (*erase)(void *context, uint32_t offset, uint32_t len);
} latch_flash_t;

/**
 * Time.
 */
typedef struct latch_clock_t {
    /**
     * Handed to each callback.
     */
    void *context;
    /**
     * Milliseconds since some moment of this boot; never goes back, and runs true to 0.4 %, in sleep too.
     */
    uint64_t (*ticks_ms)(void *context);
    /**
     * Unix milliseconds, where the product vouches for them: a clock that a battery keeps and only authenticated time
     * sets. Not 0 in every doubt. NULL where there is no such clock.
     */
    int32_t (*trusted_ms)(void *context, uint64_t *unix_ms);
} latch_clock_t;

/**
 * Randomness, fit for nonces.
 */
typedef struct latch_entropy_t {
    /**
     * Handed to the callback.
     */
    void *context;
    /**
     * Fills `len` bytes, or fails rather than give predictable ones.
     */
    int32_t (*fill)(void *context, uint8_t *out, size_t len);
} latch_entropy_t;

/**
 * A number in hardware that never goes down. Both callbacks NULL where there is none: then who can write to the flash can
 * put an older copy of the journal back.
 */
typedef struct latch_counter_t {
    /**
     * Handed to each callback.
     */
    void *context;
    /**
     * Reads the number.
     */
    int32_t (*read)(void *context, uint64_t *number);
    /**
     * Raises the number. Durable when it returns.
     */
    int32_t (*raise)(void *context, uint64_t to);
} latch_counter_t;

/**
 * What a device is made of. Copied at the boot; what the contexts lead to has to live until the device was ended.
 */
typedef struct latch_parts_t {
    /**
     * LATCH_ABI.
     */
    uint32_t abi;
    /**
     * Flash of the journal: two sectors at least, each of the smallest number of erase blocks that hold 20 KiB.
     */
    struct latch_flash_t journal;
    /**
     * The two slots for images. The image from the factory lies in the first.
     */
    struct latch_flash_t slots[2];
    /**
     * Time.
     */
    struct latch_clock_t clock;
    /**
     * Randomness.
     */
    struct latch_entropy_t entropy;
    /**
     * The key of the device's receipts.
     */
    struct latch_key_t key;
    /**
     * The monotonic counter.
     */
    struct latch_counter_t counter;
} latch_parts_t;

/**
 * A version of firmware: major.minor.patch.
 */
typedef struct latch_version_t {
    /**
     * First number.
     */
    uint16_t major;
    /**
     * Second number.
     */
    uint16_t minor;
    /**
     * Third number.
     */
    uint32_t patch;
} latch_version_t;

/**
 * The versions with which a device leaves the factory.
 */
typedef struct latch_factory_t {
    /**
     * Of the main component.
     */
    struct latch_version_t main;
    /**
     * Which of the components 1, 2 and 3 the device has: bit 0 for component 1.
     */
    uint32_t components;
    /**
     * Their versions.
     */
    struct latch_version_t versions[LATCH_COMPONENTS];
} latch_factory_t;

/**
 * Bytes that somebody else keeps.
 */
typedef struct latch_bytes_t {
    /**
     * The first of them; may be NULL where there is none.
     */
    const uint8_t *bytes;
    /**
     * How many.
     */
    size_t len;
} latch_bytes_t;

/**
 * A value. Only the field that its kind names counts.
 */
typedef struct latch_value_t {
    /**
     * Which.
     */
    latch_value_kind_t kind;
    /**
     * True or false.
     */
    bool boolean;
    /**
     * A whole number.
     */
    int64_t integer;
    /**
     * Text in UTF-8; lies where the entries lie.
     */
    struct latch_text_t text;
    /**
     * Bytes; lie where the entries lie.
     */
    struct latch_bytes_t bytes;
} latch_value_t;

/**
 * One leaf.
 */
typedef struct latch_entry_t {
    /**
     * Where it stands: pump/limits/max.
     */
    struct latch_text_t path;
    /**
     * What stands there.
     */
    struct latch_value_t value;
} latch_entry_t;

/**
 * The release for a code. NULL in its place is one that was not looked for.
 */
typedef struct latch_release_t {
    /**
     * One of latch_release_kind_t.
     */
    uint32_t kind;
    /**
     * The manifest's envelope.
     */
    const uint8_t *manifest;
    /**
     * Its bytes.
     */
    size_t manifest_len;
} latch_release_t;

/**
 * An action whose code is burned. What it points to lies in the statement that was submitted, and in the device: valid
 * until the action is settled, the statement's buffer is changed, or another function is called on the device. Within a
 * callback: until it returns.
 */
typedef struct latch_action_t {
    /**
     * What.
     */
    latch_action_kind_t kind;
    /**
     * The latch, 0 to 15.
     */
    uint8_t latch;
    /**
     * Whether `patch` is known: after a restart it is not, and only the whole twin counts.
     */
    bool has_patch;
    /**
     * Seconds until it is shut again.
     */
    uint32_t seconds;
    /**
     * The twin's version.
     */
    uint64_t twin_version;
    /**
     * Entries of the whole twin.
     */
    struct latch_bytes_t twin;
    /**
     * Entries that have changed; one without a value is one that was deleted.
     */
    struct latch_bytes_t patch;
    /**
     * The command.
     */
    struct latch_text_t name;
    /**
     * Entries of its arguments.
     */
    struct latch_bytes_t arguments;
    /**
     * The code that is being carried out. Zeros within a callback of latch_serve.
     */
    struct latch_statement_id_t statement;
} latch_action_t;

/**
 * What came of a statement, with what belongs to it.
 */
typedef struct latch_verdict_t {
    /**
     * What.
     */
    latch_verdict_kind_t kind;
    /**
     * Bytes of the receipt at the start of `out`; 0 where there is none.
     */
    size_t receipt_len;
    /**
     * Why it was ignored, or could not be told.
     */
    struct latch_refusal_t refusal;
    /**
     * The release that is wanted.
     */
    struct latch_statement_id_t manifest;
    /**
     * What is to be done.
     */
    struct latch_action_t action;
} latch_verdict_t;

/**
 * What makes changes real.
 */
typedef struct latch_actuator_t {
    /**
     * Handed to each callback.
     */
    void *context;
    /**
     * Carries out an action whose code is burned: 0 when it was done, or the product's own number for why not, which goes
     * into the receipt. Called once for each code; a change of the twin may come again after a restart.
     */
    int32_t (*act)(void *context, const struct latch_action_t *action);
    /**
     * Shuts what stands behind a latch that has closed by itself.
     */
    void (*shut)(void *context, uint8_t latch, latch_close_cause_t cause);
    /**
     * Sends a receipt, or keeps a copy of it: the bytes are gone when it returns.
     */
    void (*send)(void *context, const uint8_t *receipt, size_t len);
} latch_actuator_t;

/**
 * What a look at the device has found, with what belongs to it.
 */
typedef struct latch_polled_t {
    /**
     * What.
     */
    latch_polled_kind_t kind;
    /**
     * Why the latch has closed.
     */
    latch_close_cause_t cause;
    /**
     * The latch, 0 to 15.
     */
    uint8_t latch;
    /**
     * Milliseconds until the next look at the latest; LATCH_NEVER where none is needed before the next statement or
     * observation.
     */
    uint64_t wake_in_ms;
    /**
     * Bytes of the receipt at the start of `out`; 0 where there is none.
     */
    size_t receipt_len;
    /**
     * Why there is no receipt. What it would have told, the next boot tells.
     */
    struct latch_refusal_t refusal;
} latch_polled_t;

/**
 * An image in a slot.
 */
typedef struct latch_image_t {
    /**
     * Whether there is one.
     */
    bool any;
    /**
     * The slot, 0 or 1.
     */
    uint8_t slot;
    /**
     * The component that it is for; 0 is the main one.
     */
    uint8_t component;
    /**
     * Its version.
     */
    struct latch_version_t version;
    /**
     * Its release manifest; zeros for the image from the factory.
     */
    struct latch_statement_id_t manifest;
    /**
     * Merkle root over its pages; zeros for the image from the factory.
     */
    uint8_t merkle_root[32];
    /**
     * Bytes; 0 for the image from the factory.
     */
    uint32_t size;
    /**
     * Bytes of a page.
     */
    uint32_t page_size;
    /**
     * Its security version.
     */
    uint32_t security_version;
} latch_image_t;

/**
 * What the device is now.
 */
typedef struct latch_facts_t {
    /**
     * What it knows about the time.
     */
    latch_time_kind_t time;
    /**
     * The time, in Unix milliseconds.
     */
    uint64_t time_ms;
    /**
     * The nonce that the next challenge-bound code answers. It is published in what the device signs.
     */
    uint8_t challenge[16];
    /**
     * The nonce that the next attestation of the time answers.
     */
    uint8_t pulse[16];
    /**
     * How often latch_state should leave while a latch is open, in milliseconds; LATCH_NEVER while none is.
     */
    uint64_t pulse_every_ms;
    /**
     * Whether everything is shut until a code behind `trust` lifts it.
     */
    bool locked_down;
    /**
     * Whether an action was handed out and is not settled.
     */
    bool in_hand;
    /**
     * The latches that are open: bit n for latch n.
     */
    uint16_t open;
    /**
     * Version of the trust root in force.
     */
    uint32_t root_version;
    /**
     * Epoch of the trust root in force.
     */
    uint32_t epoch;
    /**
     * Version of the twin.
     */
    uint64_t twin_version;
    /**
     * The image that runs: zeros in the recovery program, and in one that gave itself up.
     */
    struct latch_image_t running;
    /**
     * No release below this security version is installed.
     */
    uint32_t security_floor;
    /**
     * How far an installation has come.
     */
    latch_install_phase_t install;
    /**
     * Boots that an image on trial has left, this one included; 0 when none is on trial.
     */
    uint8_t trial_boots_left;
    /**
     * How often the device has booted.
     */
    uint32_t boot;
    /**
     * Facts about the device that are known: bit n for fact n.
     */
    uint32_t posture_known;
    /**
     * Which of them are true.
     */
    uint32_t posture_value;
    /**
     * Number of the last receipt.
     */
    uint64_t receipts;
    /**
     * Number of the oldest receipt that is kept; 0 where none is. latch_receipt_numbered has those from here to `receipts`,
     * as far as they are kept.
     */
    uint64_t oldest_receipt;
    /**
     * Messages since the boot that were not answered.
     */
    uint32_t junk;
    /**
     * Number of the last one's reason; 0 for none.
     */
    latch_result_t junk_last_reason;
    /**
     * Signatures that were checked since the boot.
     */
    uint64_t signatures_checked;
    /**
     * Receipts and states that were signed since the boot.
     */
    uint64_t signatures_made;
    /**
     * Records that were written to the journal since the boot.
     */
    uint64_t records;
} latch_facts_t;

/**
 * Pages that are waited for.
 */
typedef struct latch_wanted_t {
    /**
     * Whether any are.
     */
    bool any;
    /**
     * The release.
     */
    struct latch_statement_id_t manifest;
    /**
     * The next page.
     */
    uint32_t next;
    /**
     * Pages in all.
     */
    uint32_t of;
} latch_wanted_t;

/**
 * What came of a page, and what is waited for now.
 */
typedef struct latch_paged_t {
    /**
     * What.
     */
    latch_page_kind_t kind;
    /**
     * With LATCH_PAGE_KEPT.
     */
    struct latch_wanted_t wanted;
    /**
     * With LATCH_PAGE_REFUSED.
     */
    struct latch_refusal_t refusal;
} latch_paged_t;

/**
 * What came of arming.
 */
typedef struct latch_armed_t {
    /**
     * Whether the slot holds the signed image: reset to try it.
     */
    bool ready;
    /**
     * Where it does not: bytes of the receipt that ends the installation.
     */
    size_t receipt_len;
} latch_armed_t;

/**
 * What a bootloader has read and chosen. Declare it static, or zero it first.
 */
typedef struct latch_bootloader_t {
    uint64_t opaque[LATCH_BOOTLOADER_WORDS];
} latch_bootloader_t;

/**
 * What to start, and what is given up by it.
 */
typedef struct latch_choice_t {
    /**
     * What.
     */
    latch_start_kind_t start;
    /**
     * The image to start; none in the recovery program's case.
     */
    struct latch_image_t image;
    /**
     * Why an image on trial is given up: number of the reason, 0 for none.
     */
    latch_result_t given_up;
    /**
     * Why the recovery program has to start, where the journal could not be read; as latch_last_refusal has it.
     */
    struct latch_refusal_t refusal;
} latch_choice_t;

/**
 * The images that the journal tells of.
 */
typedef struct latch_images_t {
    /**
     * The one that was confirmed last.
     */
    struct latch_image_t confirmed;
    /**
     * The one that was confirmed before it, where it is kept.
     */
    struct latch_image_t fallback;
    /**
     * The one that is downloaded, armed or on trial.
     */
    struct latch_image_t next;
    /**
     * How far that one has come.
     */
    latch_install_phase_t phase;
} latch_images_t;

/**
 * A confirmed image whose slot does not hold it any more, on its way back. Declare it static, or zero it first.
 */
typedef struct latch_restoration_t {
    uint64_t opaque[LATCH_RESTORATION_WORDS];
} latch_restoration_t;

/**
 * The device's end of a serial line. Declare it static, or zero it first.
 */
typedef struct latch_link_t {
    uint64_t opaque[LATCH_LINK_WORDS];
} latch_link_t;

/**
 * How a link is.
 */
typedef struct latch_link_status_t {
    /**
     * Whether there is a host.
     */
    bool up;
    /**
     * Whether the host has all that was said.
     */
    bool all_arrived;
    /**
     * Whether a message waits to be taken.
     */
    bool heard;
    /**
     * When to call latch_link_transmit at the latest, if nothing comes before: a time that is past means at once.
     */
    uint64_t wake_at_ms;
    /**
     * Frames that came broken, or were none.
     */
    uint32_t broken;
    /**
     * Frames that were sent again.
     */
    uint32_t repeated;
} latch_link_status_t;

/**
 * What a host asks. What it points to lies in the link's own buffer, until latch_link_taken or latch_link_begin.
 */
typedef struct latch_ask_t {
    /**
     * What.
     */
    latch_ask_kind_t kind;
    /**
     * The host's number for it, which its end repeats.
     */
    uint16_t tag;
    /**
     * A statement, a page message, or a trust root.
     */
    struct latch_bytes_t body;
    /**
     * With LATCH_ASK_PROVISION.
     */
    struct latch_bytes_t enrolment;
    /**
     * With LATCH_ASK_STATEMENT: what the host has of the release that a code may ask for.
     */
    struct latch_release_t release;
    /**
     * With LATCH_ASK_RECEIPT.
     */
    struct latch_statement_id_t statement;
    /**
     * With LATCH_ASK_RECEIPT_NUMBERED.
     */
    uint64_t number;
    /**
     * With LATCH_ASK_REQUEST: who the device is to be.
     */
    struct latch_identity_t name;
} latch_ask_t;

/**
 * What a device is, and how it came to run.
 */
typedef struct latch_standing_t {
    /**
     * One of latch_program_t.
     */
    uint32_t program;
    /**
     * One of latch_life_t.
     */
    uint32_t life;
    /**
     * Who it is, with LATCH_LIFE_PROVISIONED.
     */
    struct latch_identity_t identity;
    /**
     * Why it is shut, with LATCH_LIFE_SHUT.
     */
    struct latch_refusal_t refusal;
    /**
     * The version that runs: of a recovery program too, its own.
     */
    struct latch_version_t version;
    /**
     * How often the device has booted; 0 while that is not known.
     */
    uint32_t boot;
    /**
     * One of latch_why_t.
     */
    uint32_t why;
    /**
     * Boots that an image on trial has left, with this one; with LATCH_WHY_TRIAL.
     */
    uint8_t boots_left;
} latch_standing_t;

/**
 * What tells a host when to ask for a state or a receipt. Tell it whenever it changes; not for junk alone, or whoever sends
 * junk makes the device talk.
 */
typedef struct latch_pulse_t {
    /**
     * Number of the last receipt: `receipts` of latch_facts.
     */
    uint64_t receipts;
    /**
     * Counts changes, besides receipts, that a new state should tell of at once: latches that have closed by themselves.
     */
    uint32_t changes;
    /**
     * Version of the trust root in force.
     */
    uint32_t root_version;
    /**
     * Messages since the boot that were not answered.
     */
    uint32_t junk;
    /**
     * Facts about the device that are known.
     */
    uint32_t posture_known;
    /**
     * Which of them are true.
     */
    uint32_t posture_value;
    /**
     * How often a state should be published while a latch is open, in milliseconds; LATCH_NEVER while none is.
     */
    uint64_t pulse_every_ms;
} latch_pulse_t;

/**
 * Done.
 */
#define LATCH_OK 0

/**
 * A pointer is NULL that may not be.
 */
#define LATCH_NULL 2001

/**
 * A length is larger than any object.
 */
#define LATCH_LENGTH 2002

/**
 * A buffer overlaps another one of the same call, or the device's storage.
 */
#define LATCH_OVERLAP 2003

/**
 * A pointer is not aligned for what it points to.
 */
#define LATCH_MISALIGNED 2004

/**
 * The parts were filled in by another version of the header than the library's: set `abi` to LATCH_ABI, and build anew.
 */
#define LATCH_OTHER_ABI 2005

/**
 * The flash has other units than this library was built for, or its capacity is not in whole erase blocks.
 */
#define LATCH_GEOMETRY 2006

/**
 * A callback is missing that has to be there.
 */
#define LATCH_CALLBACK 2007

/**
 * A number lies outside of what is documented for it.
 */
#define LATCH_VALUE 2008

/**
 * The storage holds neither zeros nor what it is for: declare it static, or zero it first.
 */
#define LATCH_NOT_BLANK 2009

/**
 * The device was not booted; the link, bootloader or restoration was not begun, or could not be.
 */
#define LATCH_NOT_BOOTED 2010

/**
 * The device is running already: end it before it boots again.
 */
#define LATCH_RUNNING 2011

/**
 * The last boot failed: latch_last_refusal has why. Everything stays shut; boot again after the cause is gone.
 */
#define LATCH_FAULTED 2012

/**
 * The storage was moved since the boot: it has to stay where it was.
 */
#define LATCH_MOVED 2013

/**
 * Called from within a callback, or from another thread, while another call was under way.
 */
#define LATCH_REENTERED 2014

/**
 * No action is in hand that could be settled.
 */
#define LATCH_NOTHING_IN_HAND 2015

/**
 * There is no such entry.
 */
#define LATCH_NO_ENTRY 2016

/**
 * The slot does not hold what the bootloader has chosen to start: it must not be jumped to.
 */
#define LATCH_NOT_CHOSEN 2017

/**
 * Nobody answers at the other end of the line. What was not sent needs not be sent again: who comes next knows nothing of
 * what was before.
 */
#define LATCH_LINK_DOWN 2018

/**
 * Messages before it are still on their way, and leave it no room: try again when one has arrived.
 */
#define LATCH_LINK_BUSY 2019

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * What the last call was refused for, with the evidence: of calls that returned a number of a refusal. Zeros before the
 * first. After a boot that failed because of its journal, `found` says how: 1 damaged, 2 unreadable, 3 of a newer format
 * (`expected` has which), 4 of another geometry, 5 too small, 6 a record too long, 7 not repairable, 8 incomplete.
 *
 * Promised by the caller:
 * `device` is NULL or the caller's storage; `refusal` is NULL or can be written.
 */
latch_result_t latch_last_refusal(struct latch_device_t *device,
                                  struct latch_refusal_t *refusal);

/**
 * What a number means and what to do, as one English sentence that lives as long as the program. Empty for a number that
 * this release does not know.
 */
struct latch_text_t latch_sentence(latch_result_t result);

/**
 * Signs the device's state, for issuers: what it is, and the challenge that the next code answers. Publish it after every
 * boot and receipt, and while a latch is open as often as latch_facts says. `out` takes LATCH_STATE_SIZE bytes at least.
 *
 * Refused with LATCH_REASON_KEY_FAULT, LATCH_REASON_BUFFER_TOO_SMALL, LATCH_REASON_NO_ENTROPY, LATCH_REASON_MEMORY_FAULT.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_state(struct latch_device_t *device,
                           uint8_t *out,
                           size_t out_size,
                           size_t *len);

/**
 * Signs the last receipt for a statement again: the same bytes as the first time. `out` takes LATCH_RECEIPT_SIZE bytes at
 * least.
 *
 * Refused with LATCH_REASON_ALREADY_USED when it is no longer kept, LATCH_REASON_STORAGE_FAULT, LATCH_REASON_MEMORY_FAULT, LATCH_REASON_KEY_FAULT,
 * LATCH_REASON_BUFFER_TOO_SMALL.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_receipt(struct latch_device_t *device,
                             const struct latch_statement_id_t *statement,
                             uint8_t *out,
                             size_t out_size,
                             size_t *len);

/**
 * As latch_receipt, for the receipt with this number in the device's chain.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_receipt_numbered(struct latch_device_t *device,
                                      uint64_t number,
                                      uint8_t *out,
                                      size_t out_size,
                                      size_t *len);

/**
 * The statements that the last receipts answer, the newest last: `ids` takes LATCH_RECENT of them. Send their receipts
 * again after a boot: the last one may have ended before they left.
 *
 * Promised by the caller:
 * As latch_submit; `ids` is NULL or leads to LATCH_RECENT ids that can be written.
 */
latch_result_t latch_recent(struct latch_device_t *device, struct latch_statement_id_t *ids, size_t *count);

/**
 * Makes the device's key of a seed (RFC 8032, 5.1.5) of 32 bytes: the key lies in `kept`, and `key` leads to it. The seed
 * itself is not needed afterwards. Read it from flash that is protected from reading, and make it of true randomness.
 *
 * Promised by the caller:
 * `seed` is NULL or leads to 32 bytes; `kept` is NULL or can be written, and is touched by nobody as long as `key` is used;
 * `key` is NULL or can be written.
 */
latch_result_t latch_seed_key(const uint8_t *seed,
                              struct latch_seed_t *kept,
                              struct latch_key_t *key);

/**
 * Signs a device's request to be enrolled, which an operator checks and countersigns (`latch device enroll`): what comes
 * back is the enrolment for latch_provision. `out` takes LATCH_REQUEST_SIZE bytes.
 *
 * Refused with LATCH_VALUE for a malformed name, LATCH_REASON_WEAK_KEY, LATCH_REASON_KEY_FAULT.
 *
 * Promised by the caller:
 * Pointers are NULL or lead to as much as they say; the key's callbacks keep their word.
 */
latch_result_t latch_enrolment_request(const struct latch_key_t *key,
                                       const struct latch_name_t *name,
                                       uint8_t *out,
                                       size_t out_size,
                                       size_t *len);

/**
 * As latch_enrolment_request, for the name that a host has asked for over the link (LATCH_ASK_REQUEST). `key_kept` is one of
 * latch_key_kept_t.
 *
 * Promised by the caller:
 * As latch_enrolment_request.
 */
latch_result_t latch_enrolment_request_as(const struct latch_key_t *key,
                                          const struct latch_identity_t *identity,
                                          uint32_t key_kept,
                                          uint8_t *out,
                                          size_t out_size,
                                          size_t *len);

/**
 * Provisions a device, once, in the factory: writes its identity, the tenant's newest trust root and the versions of its
 * factory image into an empty journal. Then it runs.
 *
 * `root` and `enrolment` are envelopes, as an operator has signed them.
 *
 * Refused with any reason that a root or an enrolment may be refused for, LATCH_REASON_ALREADY_PROVISIONED (then boot),
 * LATCH_REASON_KEY_FAULT when the enrolment is for another key than the device's, LATCH_REASON_ROLLED_BACK when the
 * counter says that the journal was erased, LATCH_REASON_COUNTER_FAULT, LATCH_REASON_STORAGE_FAULT; LATCH_RUNNING.
 *
 * Promised by the caller:
 * `device` is NULL or storage that holds zeros or what this library has left there, lives until latch_end, and is touched
 * by nobody else. Other pointers are NULL or lead to as much as they say. The callbacks keep their word.
 */
latch_result_t latch_provision(struct latch_device_t *device,
                               const struct latch_parts_t *parts,
                               const uint8_t *root,
                               size_t root_len,
                               const uint8_t *enrolment,
                               size_t enrolment_len,
                               const struct latch_factory_t *factory);

/**
 * Provisions a board that was in service before, and whose journal was erased on purpose: by a person who has it in hand,
 * never at the wish of a message. As latch_provision, but its counter goes on from where it stands.
 *
 * Promised by the caller:
 * As latch_provision.
 */
latch_result_t latch_provision_again(struct latch_device_t *device,
                                     const struct latch_parts_t *parts,
                                     const uint8_t *root,
                                     size_t root_len,
                                     const uint8_t *enrolment,
                                     size_t enrolment_len,
                                     const struct latch_factory_t *factory);

/**
 * Boots a device that was provisioned: reads its journal, repairs what a power cut has left, and settles what it was
 * doing. Every latch that was open is closed: shut whatever stands behind one when the program starts. Then look for a
 * change of the twin that was cut off (latch_resume), and send the last receipts again (latch_recent, latch_receipt).
 *
 * Refused with LATCH_REASON_LATCHED_SHUT when the journal cannot be trusted (latch_last_refusal says how),
 * LATCH_REASON_UNPROVISIONED, LATCH_REASON_KEY_FAULT, LATCH_REASON_NO_ENTROPY, LATCH_REASON_ROLLED_BACK,
 * LATCH_REASON_COUNTER_FAULT, LATCH_REASON_STORAGE_FAULT, LATCH_REASON_MEMORY_FAULT; LATCH_RUNNING. After any of them every call but a boot,
 * latch_provision, latch_last_refusal and latch_end is LATCH_FAULTED.
 *
 * Promised by the caller:
 * As latch_provision.
 */
latch_result_t latch_boot(struct latch_device_t *device,
                          const struct latch_parts_t *parts);

/**
 * As latch_boot, for a program that a bootloader has started (latch_bootloader_start) and that knows as what:
 * `started` is one of latch_started_kind_t, `slot` counts with LATCH_STARTED_SLOT.
 *
 * Refused as latch_boot; LATCH_REASON_SLOT_MISMATCH from a slot in which no image is known; LATCH_VALUE.
 *
 * Promised by the caller:
 * As latch_provision.
 */
latch_result_t latch_boot_as(struct latch_device_t *device,
                             const struct latch_parts_t *parts,
                             uint32_t started,
                             uint8_t slot);

/**
 * Ends a device, and leaves blank storage. Nothing is written: a device may lose its power at any moment just as well. An
 * action that was handed out and not settled is told of by the next boot.
 *
 * Promised by the caller:
 * As latch_provision.
 */
latch_result_t latch_end(struct latch_device_t *device);

/**
 * The entry with this number: count up from 0 until LATCH_NO_ENTRY.
 *
 * Promised by the caller:
 * `entries` are those of an action or a twin, as long as they are valid; `entry` is NULL or can be written.
 */
latch_result_t latch_entry_at(struct latch_bytes_t entries, size_t index, struct latch_entry_t *entry);

/**
 * The entry at this path, or LATCH_NO_ENTRY.
 *
 * Promised by the caller:
 * As latch_entry_at; `path` is NULL or text that ends with a zero.
 */
latch_result_t latch_entry_find(struct latch_bytes_t entries, const char *path, struct latch_entry_t *entry);

/**
 * Puts a statement through every check: a latch code, a successor of the trust root, a revocation, a stop slip, or an
 * attestation of the time. LATCH_OK says that there is a verdict, not which. `out` takes a receipt, LATCH_RECEIPT_SIZE
 * bytes at least, or nothing is looked at (LATCH_REASON_BUFFER_TOO_SMALL).
 *
 * With LATCH_VERDICT_UNLATCHED the code is burned: carry the action out, then settle. Until then the device is busy.
 *
 * Promised by the caller:
 * `device` as in latch_provision. Other pointers are NULL or lead to as much as they say, which nobody else writes
 * meanwhile; with LATCH_VERDICT_UNLATCHED the statement has to stay until the action was settled.
 */
latch_result_t latch_submit(struct latch_device_t *device,
                            const uint8_t *statement,
                            size_t statement_len,
                            const struct latch_release_t *found,
                            uint8_t *out,
                            size_t out_size,
                            struct latch_verdict_t *verdict);

/**
 * Records how the action in hand went: `failure` is 0 when it was done, or the product's own number for why not. The
 * receipt comes into `out` (LATCH_RECEIPT_SIZE bytes at least), its length into `receipt_len`.
 *
 * Refused with LATCH_NOTHING_IN_HAND; LATCH_REASON_STORAGE_FAULT, LATCH_REASON_MEMORY_FAULT or LATCH_REASON_KEY_FAULT, after which the outcome is
 * told after the next boot, as far as it is known then.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_settle(struct latch_device_t *device,
                            int32_t failure,
                            uint8_t *out,
                            size_t out_size,
                            size_t *receipt_len);

/**
 * After a boot: a change of the twin that was burned before it and whose outcome is not known. Carry it out and settle it,
 * as after latch_submit. Handed out once a boot; LATCH_ACTION_NONE where there is none.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_resume(struct latch_device_t *device,
                            struct latch_action_t *action);

/**
 * As latch_submit and latch_settle in one, for actuators that answer at once: the action is carried out and the receipt is
 * sent by callbacks. What `actuator.send` was given last lies in `out` too.
 *
 * Promised by the caller:
 * As latch_submit; `actuator` is NULL or its callbacks do what is said of them.
 */
latch_result_t latch_serve(struct latch_device_t *device,
                           const uint8_t *statement,
                           size_t statement_len,
                           const struct latch_release_t *found,
                           const struct latch_actuator_t *actuator,
                           uint8_t *out,
                           size_t out_size,
                           struct latch_verdict_t *verdict);

/**
 * Looks at everything that changes without a message: latches that close, downloads that lapse. Call it after each
 * statement and observation, and when it asked to be called, until it says LATCH_POLLED_IDLE. `out` takes a receipt,
 * LATCH_RECEIPT_SIZE bytes at least.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_poll(struct latch_device_t *device, uint8_t *out, size_t out_size, struct latch_polled_t *polled);

/**
 * As latch_poll until it is idle, with callbacks that shut and send. `wake_in_ms` says when to come again at the latest, or
 * LATCH_NEVER.
 *
 * Promised by the caller:
 * As latch_serve.
 */
latch_result_t latch_tend(struct latch_device_t *device,
                          const struct latch_actuator_t *actuator,
                          uint8_t *out,
                          size_t out_size,
                          uint64_t *wake_in_ms);

/**
 * What the device is now, unsigned: latch_state has it for others.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_facts(struct latch_device_t *device, struct latch_facts_t *facts);

/**
 * Whether what the device keeps in memory of its journal is what it put there. Where it is not, because a bit has flipped or
 * something has written over it, nothing is recorded, signed or opened any more: all of that is refused with
 * LATCH_REASON_MEMORY_FAULT, and latch_poll closes every latch. The journal is as it was: shut what stands behind the latches,
 * and boot again. Ask after latch_poll.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_is_whole(struct latch_device_t *device,
                              bool *whole);

/**
 * Whether a latch, 0 to 15, is open now. Needs no latch_poll before it: what should have closed is not open.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_is_open(struct latch_device_t *device, uint8_t latch, bool *open);

/**
 * The twin's version and entries, which lie in the device: valid until another function is called on it. Read it after a
 * boot, to make the desired properties real.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_twin(struct latch_device_t *device,
                          uint64_t *version,
                          struct latch_bytes_t *entries);

/**
 * Takes what a source says about some of the device's facts: `facts` are those of which it speaks (bit n for fact n), of
 * which `known` are known and `value` true. They may be relied on for `max_age_ms`, then they are unknown. Call latch_poll
 * or latch_tend after it.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_observe(struct latch_device_t *device,
                             uint32_t facts,
                             uint32_t known,
                             uint32_t value,
                             uint64_t max_age_ms);

/**
 * Who the device is.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_identity(struct latch_device_t *device, struct latch_identity_t *identity);

/**
 * The pages that the device waits for: of a release that is downloaded; in the recovery program otherwise of the confirmed
 * image, which needs no code to come back.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_wanted(struct latch_device_t *device,
                            struct latch_wanted_t *wanted);

/**
 * Takes a page message, which is checked in RAM before flash is erased or written for it.
 *
 * Refused, and counted as junk, with LATCH_REASON_NO_INSTALL, LATCH_REASON_OTHER_RELEASE, LATCH_REASON_PAGE_ORDER,
 * LATCH_REASON_PAGE_LENGTH, LATCH_REASON_PAGE_HASH; and with LATCH_REASON_STORAGE_FAULT,
 * LATCH_REASON_MEMORY_FAULT.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_page(struct latch_device_t *device,
                          const uint8_t *message,
                          size_t len,
                          struct latch_paged_t *paged);

/**
 * Reads the whole slot back and arms it: the next boot tries the new image. LATCH_OK with `ready` false is an image that
 * must not run. `out` takes a receipt, LATCH_RECEIPT_SIZE bytes at least.
 *
 * Refused with LATCH_REASON_NO_INSTALL when no image is complete, LATCH_REASON_STORAGE_FAULT, LATCH_REASON_MEMORY_FAULT,
 * LATCH_REASON_KEY_FAULT.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_arm(struct latch_device_t *device,
                         uint8_t *out,
                         size_t out_size,
                         struct latch_armed_t *armed);

/**
 * The running image on trial says that it is healthy: it stays. `out` takes its receipt, LATCH_RECEIPT_SIZE bytes at
 * least.
 *
 * Refused with LATCH_REASON_NO_INSTALL when the main component is not on trial, LATCH_REASON_STORAGE_FAULT,
 * LATCH_REASON_MEMORY_FAULT,
 * LATCH_REASON_KEY_FAULT.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_confirm(struct latch_device_t *device, uint8_t *out, size_t out_size, size_t *receipt_len);

/**
 * The main program has installed the image on trial into this component, and it is healthy: it stays. Of component 0, the
 * main one, it is what latch_confirm says.
 *
 * Refused as latch_confirm.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_confirm_component(struct latch_device_t *device,
                                       uint8_t component,
                                       uint8_t *out,
                                       size_t out_size,
                                       size_t *receipt_len);

/**
 * The image on trial is given up, by itself if it is what runs: then reset. Until that nothing is installed. `out` takes its
 * receipt, LATCH_RECEIPT_SIZE bytes at least.
 *
 * Refused as latch_confirm.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_give_up(struct latch_device_t *device,
                             uint8_t *out,
                             size_t out_size,
                             size_t *receipt_len);

/**
 * Reads part of the image that is armed or on trial: to install it into another component.
 *
 * Refused with LATCH_REASON_NO_INSTALL, LATCH_REASON_PAGE_LENGTH past its end, LATCH_REASON_STORAGE_FAULT,
 * LATCH_REASON_MEMORY_FAULT.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_read_image(struct latch_device_t *device, uint32_t offset, uint8_t *out, size_t len);

/**
 * The image that is downloaded, armed or on trial.
 *
 * Promised by the caller:
 * As latch_submit.
 */
latch_result_t latch_installing(struct latch_device_t *device, struct latch_image_t *image);

/**
 * Reads the journal, repairs what a power cut has left, chooses what to start by reading the slots back, and notes it
 * durably if it is an image on trial. `record` is a buffer of LATCH_RECORD_SIZE bytes.
 *
 * Whatever is returned, `choice` (where it is not NULL) says what to start: with anything but LATCH_OK the recovery
 * program. A watchdog runs before it starts. Right before a jump, ask latch_bootloader_may_jump_to.
 *
 * Promised by the caller:
 * `loader` is NULL or holds zeros or what this library has left there, and nobody else touches it. Other pointers are NULL or
 * lead to as much as they say (`slots` to two); the callbacks keep their word, and what the journal's context leads to lives
 * as long as the loader is used.
 */
latch_result_t latch_bootloader_start(struct latch_bootloader_t *loader,
                                      const struct latch_flash_t *journal,
                                      const struct latch_flash_t *slots,
                                      uint8_t *record,
                                      size_t record_size,
                                      struct latch_choice_t *choice);

/**
 * As latch_bootloader_start, for images that lie elsewhere than in flash: `is_whole` reads an image's slot back, and
 * returns 0 if it holds what the image says.
 *
 * Promised by the caller:
 * As latch_bootloader_start.
 */
latch_result_t latch_bootloader_start_by(struct latch_bootloader_t *loader,
                                         const struct latch_flash_t *journal,
                                         int32_t (*is_whole)(void *context, const struct latch_image_t *image),
                                         void *context,
                                         uint8_t *record,
                                         size_t record_size,
                                         struct latch_choice_t *choice);

/**
 * LATCH_OK if the image that was chosen last lies in this slot: to be asked right before the program jumps there, as the last
 * thing, since one skipped instruction turns the branch that has led to the jump. With anything else start the recovery
 * program.
 *
 * Refused with LATCH_NOT_CHOSEN; LATCH_NOT_BOOTED where nothing was chosen.
 *
 * Promised by the caller:
 * As latch_bootloader_start.
 */
latch_result_t latch_bootloader_may_jump_to(struct latch_bootloader_t *loader,
                                            uint8_t slot);

/**
 * Whose device it is: what a recovery program tells whoever brings it pages.
 *
 * Promised by the caller:
 * As latch_bootloader_start.
 */
latch_result_t latch_bootloader_identity(struct latch_bootloader_t *loader, struct latch_identity_t *identity);

/**
 * The images that the journal tells of, as it was read before the choice.
 *
 * Promised by the caller:
 * As latch_bootloader_start.
 */
latch_result_t latch_bootloader_images(struct latch_bootloader_t *loader, struct latch_images_t *images);

/**
 * For a recovery program without the whole verifier: begins to bring the image back that was confirmed last. Its pages need
 * no code: the journal names their Merkle root. How far it has come is kept in RAM only.
 *
 * Refused with LATCH_REASON_NO_INSTALL for the image from the factory, of which nothing is known;
 * LATCH_REASON_LATCHED_SHUT, LATCH_REASON_UNPROVISIONED.
 *
 * Promised by the caller:
 * As latch_bootloader_start; `restoration` is NULL or holds zeros or what this library has left there; what the slots'
 * contexts lead to lives as long as the restoration, which nobody else touches.
 */
latch_result_t latch_restoration_begin(struct latch_restoration_t *restoration,
                                       const struct latch_flash_t *journal,
                                       const struct latch_flash_t *slots,
                                       uint8_t *record,
                                       size_t record_size);

/**
 * The pages that are wanted; none once all have come.
 *
 * Promised by the caller:
 * As latch_restoration_begin.
 */
latch_result_t latch_restoration_wanted(struct latch_restoration_t *restoration, struct latch_wanted_t *wanted);

/**
 * Takes a page message, which is checked in RAM before flash is erased or written for it. The last is LATCH_PAGE_RESTORED
 * when the slot, read back, holds the image: reset, and it starts.
 *
 * Refused as latch_page; with LATCH_REASON_STORAGE_FAULT pages are wanted from the beginning of the erase block on, with
 * LATCH_REASON_SLOT_MISMATCH the slot does not keep what was written.
 *
 * Promised by the caller:
 * As latch_restoration_begin.
 */
latch_result_t latch_restoration_page(struct latch_restoration_t *restoration,
                                      const uint8_t *message,
                                      size_t len,
                                      struct latch_paged_t *paged);

/**
 * Begins the device's end of a line, without a peer. `id` is random: a device that starts again takes another one, by which
 * the host sees that it did.
 *
 * `incoming` takes the longest message that comes: LATCH_LINK_IN_SIZE(latch_largest_page()) bytes at least. `outgoing` takes
 * what is on its way to the host: LATCH_LINK_OUT_SIZE bytes are enough for everything, and less for a program that says less.
 * Both are the link's from now on.
 *
 * Refused with LATCH_REASON_BUFFER_TOO_SMALL.
 *
 * Promised by the caller:
 * `link` is NULL or holds zeros or what this library has left there, and nobody else touches it. The buffers are NULL or lead
 * to as much as they say, live as long as the link is used, and are written by nobody else.
 */
latch_result_t latch_link_begin(struct latch_link_t *link,
                                uint32_t id,
                                uint8_t *incoming,
                                size_t incoming_size,
                                uint8_t *outgoing,
                                size_t outgoing_size);

/**
 * Gives the host up, and everything under way, and begins under another id: for a host that answers, and does nothing for
 * too long.
 *
 * Promised by the caller:
 * As latch_link_begin.
 */
latch_result_t latch_link_restart(struct latch_link_t *link,
                                  uint32_t id);

/**
 * Takes bytes from the line, however they are cut. `now_ms` is the time of any clock that never goes back.
 *
 * Promised by the caller:
 * As latch_link_begin; `from_line` is NULL or leads to `len` bytes.
 */
latch_result_t latch_link_receive(struct latch_link_t *link, uint64_t now_ms, const uint8_t *from_line, size_t len);

/**
 * Writes the next frame for the line into `to_line`, which takes LATCH_LINE_SIZE bytes; its length into `len`, 0 where nothing
 * is to be sent now. Call it again until then, and whenever something was received, said or taken.
 *
 * Refused with LATCH_REASON_BUFFER_TOO_SMALL.
 *
 * Promised by the caller:
 * As latch_link_begin; `to_line` is NULL or leads to `size` bytes that can be written; `len` is NULL or can be written.
 */
latch_result_t latch_link_transmit(struct latch_link_t *link,
                                   uint64_t now_ms,
                                   uint8_t *to_line,
                                   size_t size,
                                   size_t *len);

/**
 * Tells the host that the device has to work, and will not look at its line for up to a minute. A message that waits to be
 * taken has told so already. Then latch_link_transmit.
 *
 * Promised by the caller:
 * As latch_link_begin.
 */
latch_result_t latch_link_working(struct latch_link_t *link);

/**
 * How a link is.
 *
 * Promised by the caller:
 * As latch_link_begin; `status` is NULL or can be written.
 */
latch_result_t latch_link_status(struct latch_link_t *link, struct latch_link_status_t *status);

/**
 * What has happened since it was asked last, in order: ask until LATCH_HAPPENED_NOTHING, before saying and after receiving.
 *
 * Promised by the caller:
 * As latch_link_begin; `happened` is NULL or can be written.
 */
latch_result_t latch_link_happened(struct latch_link_t *link,
                                   latch_happened_t *happened);

/**
 * What the host asks. It stays until it is taken, and nothing else comes before: that is all the back-pressure there is.
 * LATCH_ASK_NOTHING where nothing has come.
 *
 * Promised by the caller:
 * As latch_link_begin; `ask` is NULL or can be written.
 */
latch_result_t latch_link_heard(struct latch_link_t *link,
                                struct latch_ask_t *ask);

/**
 * What the host has asked is done with: this acknowledges it, and frees the link's buffer. Take it when it was carried out, not
 * before: what was acknowledged does not come again. Do not wait with it for room to say its end in.
 *
 * Promised by the caller:
 * As latch_link_begin.
 */
latch_result_t latch_link_taken(struct latch_link_t *link);

/**
 * Ends LATCH_ASK_STATEMENT with what latch_serve has said. Its receipts are told before.
 *
 * As everything that tells: LATCH_LINK_BUSY where there is no room for it yet, LATCH_LINK_DOWN where nobody hears it. Refused
 * with LATCH_VALUE for an action that is still in hand: settle it, and end with LATCH_VERDICT_ANSWERED.
 *
 * Promised by the caller:
 * As latch_link_begin; `verdict` is NULL or leads to one.
 */
latch_result_t latch_link_end_statement(struct latch_link_t *link,
                                        uint16_t tag,
                                        const struct latch_verdict_t *verdict);

/**
 * Ends LATCH_ASK_PAGE with what latch_page or latch_restoration_page has said of it, refusals among it.
 *
 * Promised by the caller:
 * As latch_link_begin; `paged` is NULL or leads to one.
 */
latch_result_t latch_link_end_page(struct latch_link_t *link, uint16_t tag, const struct latch_paged_t *paged);

/**
 * Ends any other request: `refusal` says why it was refused (its `reason` 0, or NULL: it was not). What was asked for is told
 * before.
 *
 * Promised by the caller:
 * As latch_link_begin; `refusal` is NULL or leads to one.
 */
latch_result_t latch_link_end_request(struct latch_link_t *link,
                                      uint16_t tag,
                                      const struct latch_refusal_t *refusal);

/**
 * Tells what the device is: first after every LATCH_HAPPENED_UP, and when it changes.
 *
 * As everything that tells: LATCH_LINK_BUSY where there is no room for it yet, LATCH_LINK_DOWN where nobody hears it. Refused
 * with LATCH_VALUE.
 *
 * Promised by the caller:
 * As latch_link_begin; `standing` is NULL or leads to one.
 */
latch_result_t latch_link_tell_standing(struct latch_link_t *link,
                                        const struct latch_standing_t *standing);

/**
 * Tells when to ask: after every LATCH_HAPPENED_UP, and when it changes.
 *
 * Promised by the caller:
 * As latch_link_begin; `pulse` is NULL or leads to one.
 */
latch_result_t latch_link_tell_pulse(struct latch_link_t *link, const struct latch_pulse_t *pulse);

/**
 * Tells what pages the device waits for (latch_wanted): after every LATCH_HAPPENED_UP, and when a download begins or ends.
 * `merkle_root` leads to the 32 bytes of the image's Merkle root (latch_installing), or is NULL where it is not known.
 *
 * Promised by the caller:
 * As latch_link_begin; `wanted` is NULL or leads to what latch_wanted or latch_restoration_wanted has written.
 */
latch_result_t latch_link_tell_wanted(struct latch_link_t *link,
                                      const struct latch_wanted_t *wanted,
                                      const uint8_t *merkle_root);

/**
 * Tells a receipt: each new one, and those that were asked for.
 *
 * Promised by the caller:
 * As latch_link_begin; `receipt` is NULL or leads to `len` bytes.
 */
latch_result_t latch_link_tell_receipt(struct latch_link_t *link, const uint8_t *receipt, size_t len);

/**
 * Tells the signed state, which was asked for.
 *
 * Promised by the caller:
 * As latch_link_begin; `state` is NULL or leads to `len` bytes.
 */
latch_result_t latch_link_tell_state(struct latch_link_t *link, const uint8_t *state, size_t len);

/**
 * Tells the request to be enrolled, which was asked for.
 *
 * Promised by the caller:
 * As latch_link_begin; `request` is NULL or leads to `len` bytes.
 */
latch_result_t latch_link_tell_request(struct latch_link_t *link, const uint8_t *request, size_t len);

/**
 * Bytes of the write units that this library was built for.
 */
size_t latch_flash_write_size(void);

/**
 * Bytes of the erase blocks that this library was built for.
 */
size_t latch_flash_erase_size(void);

/**
 * Bytes of the largest page of an image that this library was built for. A release with larger ones is refused.
 */
size_t latch_largest_page(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LATCH_H */
