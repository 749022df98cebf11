/* What a host is told: the device's standing, its receipts, what it wants, and the ends of what was asked. */

#include <string.h>

#include "line.h"
#include "service.h"

/* Shortest time between two pulses that differ in nothing but junk, in milliseconds: who sends junk does not make the device
   talk. */
#define JUNK_REST_MS 60000u

static bool tell_standing(void)
{
    latch_facts_t found = facts();
    latch_standing_t standing;

    if (service.told.standing) {
        return true;
    }
    memset(&standing, 0, sizeof standing);
    standing.program = LATCH_PROGRAM_APPLICATION;
    standing.life = LATCH_LIFE_PROVISIONED;
    (void)latch_identity(&device, &standing.identity);
    standing.version = found.running.version;
    standing.boot = found.boot;
    standing.why = why(service.cause);
    standing.boots_left = found.trial_boots_left;
    service.told.standing = line_said(latch_link_tell_standing(&line, &standing));
    return service.told.standing;
}

static bool tell_receipts(void)
{
    latch_facts_t found = facts();
    /* Those before it are no longer kept. */
    uint64_t before = found.oldest_receipt > 0 ? found.oldest_receipt - 1 : found.receipts;
    size_t len;

    if (service.told.receipts < before) {
        service.told.receipts = before;
    }
    while (service.told.receipts < found.receipts) {
        /* One that cannot be signed now is asked for by its number later. */
        if (latch_receipt_numbered(&device, service.told.receipts + 1, out, sizeof out, &len) == LATCH_OK &&
            !line_said(latch_link_tell_receipt(&line, out, len))) {
            return false;
        }
        service.told.receipts++;
    }
    return true;
}

static bool tell_again(void)
{
    if (service.again_len > 0 && !line_said(latch_link_tell_receipt(&line, service.again, service.again_len))) {
        return false;
    }
    service.again_len = 0;
    return true;
}

static bool tell_wanted(void)
{
    const latch_wanted_t *told = &service.told.wanted;
    latch_wanted_t wanted = {0};
    latch_image_t image = {0};
    bool is_known = service.told.wanted_is_told;

    (void)latch_wanted(&device, &wanted);
    if (wanted.any) {
        (void)latch_installing(&device, &image);
    }
    /* Each page is answered with the next: this is for beginning and end, and for what has to come again. */
    is_known = is_known && told->any == wanted.any;
    if (wanted.any) {
        is_known = is_known && memcmp(&told->manifest, &wanted.manifest, sizeof wanted.manifest) == 0 &&
                   told->next <= wanted.next;
    }
    if (!is_known && !line_said(latch_link_tell_wanted(&line, &wanted, image.any ? image.merkle_root : NULL))) {
        return false;
    }
    service.told.wanted = wanted;
    service.told.wanted_is_told = true;
    return true;
}

/* Whether two pulses differ in nothing, or in nothing but junk. */
static bool is_quiet(const latch_pulse_t *one, const latch_pulse_t *two)
{
    return one->receipts == two->receipts && one->changes == two->changes && one->root_version == two->root_version &&
           one->posture_known == two->posture_known && one->posture_value == two->posture_value &&
           one->pulse_every_ms == two->pulse_every_ms;
}

static bool tell_pulse(void)
{
    latch_facts_t found = facts();
    const latch_pulse_t *told = &service.told.pulse;
    latch_pulse_t pulse = {
        .receipts = found.receipts,
        .changes = service.closings,
        .root_version = found.root_version,
        .junk = found.junk,
        .posture_known = found.posture_known,
        .posture_value = found.posture_value,
        .pulse_every_ms = found.pulse_every_ms,
    };
    uint64_t now_ms = ticks_ms();

    if (service.told.pulse_is_told && is_quiet(told, &pulse) &&
        (told->junk == pulse.junk || now_ms < service.told.pulse_at_ms + JUNK_REST_MS)) {
        return true;
    }
    if (!line_said(latch_link_tell_pulse(&line, &pulse))) {
        return false;
    }
    service.told.pulse = pulse;
    service.told.pulse_is_told = true;
    service.told.pulse_at_ms = now_ms;
    return true;
}

/* Gives the last request its end. */
static bool pay(void)
{
    owed_t *owed = &service.owed;
    latch_result_t result = LATCH_OK;
    size_t len;

    if (owed->kind == OWED_STATE) {
        owed->refusal.reason = latch_state(&device, out, sizeof out, &len);
        if (owed->refusal.reason == LATCH_OK && !line_said(latch_link_tell_state(&line, out, len))) {
            return false;
        }
        owed->kind = OWED_END;
    }
    switch (owed->kind) {
    case OWED_VERDICT:
        result = latch_link_end_statement(&line, owed->tag, &owed->verdict);
        break;
    case OWED_PAGE:
        result = latch_link_end_page(&line, owed->tag, &owed->paged);
        break;
    case OWED_END:
        result = latch_link_end_request(&line, owed->tag, &owed->refusal);
        break;
    default:
        return true;
    }
    if (!line_said(result)) {
        return false;
    }
    owed->kind = OWED_NOTHING;
    service.is_answered = true;
    return true;
}

bool service_tell(void)
{
    if (!line_is_up()) {
        return true;
    }
    return tell_standing() && tell_receipts() && tell_again() && tell_wanted() && tell_pulse() && pay();
}
