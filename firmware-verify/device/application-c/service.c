/* The device in service: what a host says is judged, what comes of it is carried out and told. */

#include "service.h"

#include <string.h>

#include "line.h"
#include "pump.h"

/* How long a release that works may wait for a host that speaks to it, in milliseconds; then the machine starts anew, and it has
   a boot less. Long enough for a host to be restarted. */
#define PATIENCE_MS 600000u

/* What makes a release of the tests different: 1.3 hangs before it comes to its self-test. */
#ifdef HANGS
#define HANGS_ON_TRIAL true
#else
#define HANGS_ON_TRIAL false
#endif

/* How far a trial has come. */
typedef enum trial_t {
    /* This image is not on trial. */
    TRIAL_NONE,
    /* It has passed its self-test. It is confirmed once a host has asked it something and has the answer: a release that nobody
       can reach could never be replaced. */
    TRIAL_PASSED,
    TRIAL_FAILED,
} trial_t;

service_t service;
uint8_t out[LATCH_STATE_SIZE];

static trial_t trial;
/* Whether a host has asked something and has the answer. */
static bool is_reached;
/* The machine starts anew as soon as the host knows why, and at this time at the latest. */
static bool is_leaving;
static uint64_t leaves_by_ms;
/* It leaves because its flash has failed, and not before its time. */
static bool is_resting;
/* What has failed is not tried before. */
static uint64_t retry_at_ms;

latch_facts_t facts(void)
{
    latch_facts_t found;

    memset(&found, 0, sizeof found);
    (void)latch_facts(&device, &found);
    return found;
}

/* Keeps a receipt that was made before, to be told; those that are new are told by their numbers. */
static void keep(void *context, const uint8_t *receipt, size_t len)
{
    (void)context;
    service.again_len = len <= sizeof service.again ? len : 0;
    memcpy(service.again, receipt, service.again_len);
}

static void count(void *context, const uint8_t *receipt, size_t len)
{
    (void)context;
    (void)receipt;
    (void)len;
    service.closings++;
}

static const latch_actuator_t serving = {NULL, pump_act, pump_shut, keep};
static const latch_actuator_t tending = {NULL, pump_act, pump_shut, count};

/* Makes the pump what the twin says, unless everything is shut. */
static void follow(void)
{
    uint64_t version;
    latch_bytes_t twin;

    if (!facts().locked_down && latch_twin(&device, &version, &twin) == LATCH_OK) {
        pump_follow(twin);
    }
}

static void prepare_to_leave(uint64_t in_ms)
{
    if (!is_leaving) {
        leaves_by_ms = ticks_ms() + in_ms;
    }
    is_leaving = true;
}

/* The flash has failed, or the memory: after a while the machine starts anew, which repairs what can be. */
static void rest(void)
{
    prepare_to_leave(FAULT_REST_MS);
    is_resting = true;
}

/* A new release shows that it works, or gives itself up. */
static trial_t try_out(void)
{
    latch_facts_t found = facts();

    if (service.cause != CAUSE_TRIAL || found.install != LATCH_INSTALL_TRIAL) {
        return TRIAL_NONE;
    }
    while (HANGS_ON_TRIAL) {
        /* Nobody feeds the watchdog. */
        machine_rest();
    }
    return pump_obeys(found.locked_down) ? TRIAL_PASSED : TRIAL_FAILED;
}

/* What a start leaves to do: the pump follows the twin, and what was cut off is carried out again. */
static void come_up(void)
{
    latch_action_t action;
    size_t len;

    follow();
    if (latch_resume(&device, &action) == LATCH_OK && action.kind != LATCH_ACTION_NONE &&
        latch_settle(&device, pump_act(NULL, &action), out, sizeof out, &len) != LATCH_OK) {
        rest();
    }
    trial = try_out();
}

/* Confirms an image that works, or gives it up. */
static latch_result_t settle_trial(uint64_t now_ms)
{
    latch_result_t result = LATCH_OK;
    size_t len;

    if (trial == TRIAL_PASSED && is_reached) {
        result = latch_confirm(&device, out, sizeof out, &len);
        if (result == LATCH_OK) {
            trial = TRIAL_NONE;
            service.told.standing = false;
        }
    } else if (trial == TRIAL_PASSED && now_ms >= PATIENCE_MS) {
        machine_reset();
    } else if (trial == TRIAL_FAILED) {
        if (latch_give_up(&device, out, sizeof out, &len) != LATCH_OK) {
            /* It does not go on running the product: its boots run out without a record too. */
            machine_reset();
        }
        trial = TRIAL_NONE;
        prepare_to_leave(FAREWELL_MS);
    }
    return result;
}

/* Arms an image that is complete. */
static latch_result_t arm(void)
{
    latch_armed_t armed = {0};
    latch_result_t result;

    if (facts().install != LATCH_INSTALL_RECEIVED) {
        return LATCH_OK;
    }
    /* It reads the whole slot back. */
    line_works();
    result = latch_arm(&device, out, sizeof out, &armed);
    if (result == LATCH_OK && armed.ready) {
        prepare_to_leave(FAREWELL_MS);
    }
    return result;
}

/* What fails is tried again after a while. */
static void settle_image(void)
{
    uint64_t now_ms = ticks_ms();
    latch_result_t settled;

    if (is_leaving || now_ms < retry_at_ms) {
        return;
    }
    settled = settle_trial(now_ms);
    if (settled != LATCH_OK || arm() != LATCH_OK) {
        retry_at_ms = now_ms + FAULT_REST_MS;
    }
}

/* Starts the machine anew, if it is time to. */
static void leave(void)
{
    bool is_told = service.owed.kind == OWED_NOTHING && line_is_told() && !is_resting;

    if (is_leaving && (is_told || leaves_by_ms <= ticks_ms())) {
        machine_reset();
    }
}

/* What a call was refused for, with its evidence. */
static latch_refusal_t refusal_of(latch_result_t result)
{
    latch_refusal_t last;
    latch_refusal_t refusal = {result, 0, 0};

    if (result != LATCH_OK && latch_last_refusal(&device, &last) == LATCH_OK && last.reason == result) {
        return last;
    }
    return refusal;
}

static void judge(const latch_ask_t *ask, owed_t *owed)
{
    uint64_t before = facts().receipts;
    latch_result_t result = latch_serve(&device, ask->body.bytes, ask->body.len, &ask->release, &serving, out, sizeof out,
                                        &owed->verdict);

    owed->kind = result == LATCH_OK ? OWED_VERDICT : OWED_END;
    owed->refusal = refusal_of(result);
    if (facts().receipts != before) {
        service.again_len = 0;
    }
    if (result == LATCH_OK && owed->verdict.kind == LATCH_VERDICT_UNTOLD) {
        rest();
    }
}

static void take_page(const latch_ask_t *ask, owed_t *owed)
{
    memset(&owed->paged, 0, sizeof owed->paged);
    owed->refusal = refusal_of(latch_page(&device, ask->body.bytes, ask->body.len, &owed->paged));
    owed->kind = owed->refusal.reason == LATCH_OK || owed->paged.kind == LATCH_PAGE_REFUSED ? OWED_PAGE : OWED_END;
}

/* Takes what the host has said. */
static void hear(void)
{
    latch_ask_t ask;
    owed_t *owed = &service.owed;
    bool was_locked_down = facts().locked_down;
    size_t len = 0;
    latch_result_t result = LATCH_OK;

    if (latch_link_heard(&line, &ask) != LATCH_OK || ask.kind == LATCH_ASK_NOTHING) {
        return;
    }
    owed->kind = OWED_END;
    owed->tag = ask.tag;
    owed->refusal = refusal_of(LATCH_OK);
    switch (ask.kind) {
    case LATCH_ASK_STATEMENT:
        judge(&ask, owed);
        break;
    case LATCH_ASK_PAGE:
        take_page(&ask, owed);
        break;
    case LATCH_ASK_STATE:
        owed->kind = OWED_STATE;
        break;
    case LATCH_ASK_RECEIPT:
        result = latch_receipt(&device, &ask.statement, out, sizeof out, &len);
        break;
    case LATCH_ASK_RECEIPT_NUMBERED:
        result = latch_receipt_numbered(&device, ask.number, out, sizeof out, &len);
        break;
    case LATCH_ASK_STANDING:
        service.told.standing = false;
        service.told.wanted_is_told = false;
        service.told.pulse_is_told = false;
        break;
    case LATCH_ASK_MALFORMED:
        result = LATCH_REASON_NOT_DECODABLE;
        break;
    default:
        result = LATCH_REASON_ALREADY_PROVISIONED;
        break;
    }
    if (len > 0) {
        keep(NULL, out, len);
    }
    if (result != LATCH_OK) {
        owed->refusal = refusal_of(result);
    }
    (void)latch_link_taken(&line);
    if (was_locked_down) {
        follow();
    }
}

_Noreturn void service_run(cause_t cause)
{
    uint64_t wake_in_ms;
    bool is_whole;

    service.cause = cause;
    come_up();
    for (;;) {
        line_turn();
        if (line_has_come()) {
            memset(&service.told, 0, sizeof service.told);
            service.owed.kind = OWED_NOTHING;
            service.is_answered = false;
        }
        is_reached = is_reached || (service.is_answered && line_is_up() && line_is_told());
        pump_observe(&device);
        (void)latch_tend(&device, &tending, out, sizeof out, &wake_in_ms);
        if (latch_is_whole(&device, &is_whole) != LATCH_OK || !is_whole) {
            /* Everything is shut by now, and a boot reads anew what the memory has lost. */
            rest();
        }
        settle_image();
        if (service_tell()) {
            hear();
        }
        leave();
    }
}
