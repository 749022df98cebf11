/* A device that nobody has provisioned yet, and one that does not come up. */

#include <string.h>

#include "application.h"
#include "line.h"

/* What answers are made of: one at a time, and one message each. */
static uint8_t request[LATCH_REQUEST_SIZE];

static void tell_standing(uint32_t life, const latch_refusal_t *fault, cause_t cause)
{
    latch_standing_t standing;

    memset(&standing, 0, sizeof standing);
    standing.program = LATCH_PROGRAM_APPLICATION;
    standing.life = life;
    standing.version = own_version;
    standing.why = why(cause);
    if (fault != NULL) {
        standing.refusal = *fault;
    }
    (void)latch_link_tell_standing(&line, &standing);
}

/* Makes the request of a device that is to be called so. */
static latch_result_t make(const latch_identity_t *name, size_t *len)
{
    latch_parts_t parts;

    *len = 0;
    if (!parts_of(&parts, true)) {
        return LATCH_REASON_KEY_FAULT;
    }
    return latch_enrolment_request_as(&parts.key, name, LATCH_KEY_IN_SOFTWARE, request, sizeof request, len);
}

static latch_result_t provision(const latch_ask_t *ask)
{
    latch_parts_t parts;
    latch_factory_t factory;

    memset(&factory, 0, sizeof factory);
    factory.main = own_version;
    if (!parts_of(&parts, true)) {
        return LATCH_REASON_KEY_FAULT;
    }
    return latch_provision(&device, &parts, ask->body.bytes, ask->body.len, ask->enrolment.bytes, ask->enrolment.len,
                           &factory);
}

_Noreturn void factory_run(cause_t cause)
{
    for (;;) {
        latch_ask_t ask;
        latch_refusal_t refusal = {0};
        size_t len = 0;

        line_turn();
        if (line_has_come()) {
            tell_standing(LATCH_LIFE_UNPROVISIONED, NULL, cause);
        }
        if (latch_link_heard(&line, &ask) != LATCH_OK || ask.kind == LATCH_ASK_NOTHING) {
            continue;
        }
        switch (ask.kind) {
        case LATCH_ASK_REQUEST:
            refusal.reason = make(&ask.name, &len);
            break;
        case LATCH_ASK_PROVISION:
            refusal.reason = provision(&ask);
            if (refusal.reason != LATCH_OK) {
                (void)latch_last_refusal(&device, &refusal);
            }
            break;
        case LATCH_ASK_STANDING:
            break;
        case LATCH_ASK_MALFORMED:
            refusal.reason = LATCH_REASON_NOT_DECODABLE;
            break;
        default:
            refusal.reason = LATCH_REASON_UNPROVISIONED;
            break;
        }
        (void)latch_link_taken(&line);
        if (len > 0) {
            (void)latch_link_tell_request(&line, request, len);
        } else if (ask.kind != LATCH_ASK_PROVISION || refusal.reason != LATCH_OK) {
            tell_standing(LATCH_LIFE_UNPROVISIONED, NULL, cause);
        }
        (void)latch_link_end_request(&line, ask.tag, &refusal);
        if (ask.kind == LATCH_ASK_PROVISION && refusal.reason == LATCH_OK) {
            line_restart();
        }
    }
}

_Noreturn void factory_stay_shut(const latch_refusal_t *fault, cause_t cause)
{
    for (;;) {
        latch_ask_t ask;
        latch_refusal_t refusal = *fault;

        line_turn();
        if (fault->reason == LATCH_REASON_MEMORY_FAULT && ticks_ms() >= FAULT_REST_MS) {
            /* Its journal is as it was, and the next boot reads it anew. */
            machine_reset();
        }
        if (line_has_come()) {
            tell_standing(LATCH_LIFE_SHUT, fault, cause);
        }
        if (latch_link_heard(&line, &ask) != LATCH_OK || ask.kind == LATCH_ASK_NOTHING) {
            continue;
        }
        if (ask.kind == LATCH_ASK_STANDING) {
            refusal.reason = 0;
        } else if (ask.kind == LATCH_ASK_MALFORMED) {
            refusal.reason = LATCH_REASON_NOT_DECODABLE;
        }
        (void)latch_link_taken(&line);
        tell_standing(LATCH_LIFE_SHUT, fault, cause);
        (void)latch_link_end_request(&line, ask.tag, &refusal);
    }
}
