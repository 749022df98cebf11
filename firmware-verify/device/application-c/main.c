#include <string.h>

#include "application.h"
#include "board/host.h"
#include "line.h"

latch_device_t device;

const latch_version_t own_version = {VERSION};

static uint64_t now_ms(void *context)
{
    (void)context;
    return ticks_ms();
}

bool parts_of(latch_parts_t *parts, bool is_new)
{
    memset(parts, 0, sizeof *parts);
    parts->abi = LATCH_ABI;
    parts->journal = flash_journal;
    parts->slots[0] = flash_slots[0];
    parts->slots[1] = flash_slots[1];
    /* No clock that outlives a reset: time is learned from attestations. No counter either. */
    parts->clock.ticks_ms = now_ms;
    parts->entropy.fill = entropy_fill;
    return key_load(&parts->key, is_new);
}

uint32_t why(cause_t cause)
{
    switch (cause) {
    case CAUSE_TRIAL:
        return LATCH_WHY_TRIAL;
    case CAUSE_FALLBACK:
        return LATCH_WHY_FALLBACK;
    default:
        return LATCH_WHY_CONFIRMED;
    }
}

/* Comes up as what the bootloader has started; why not, otherwise. */
static latch_result_t boot(const handoff_t *handoff, latch_refusal_t *fault)
{
    latch_parts_t parts;
    latch_result_t result = LATCH_REASON_KEY_FAULT;

    if (parts_of(&parts, false)) {
        result = latch_boot_as(&device, &parts, LATCH_STARTED_SLOT, handoff->slot);
    }
    memset(fault, 0, sizeof *fault);
    fault->reason = result;
    return result;
}

int main(void)
{
    handoff_t handoff;
    latch_parts_t parts;
    latch_refusal_t fault;

    if (!handoff_take(&handoff)) {
        host_say("application: not started by the bootloader\n");
        machine_reset();
    }
    ticks_start();
    lamps_dark();
    flash_open();
    line_open();
    watchdog_feed();
    if (handoff.cause == CAUSE_FACTORY && parts_of(&parts, true)) {
        factory_run(handoff.cause);
    }
    if (boot(&handoff, &fault) == LATCH_OK) {
        host_say("application: this one is in C\n");
        service_run(handoff.cause);
    }
    if (handoff.cause == CAUSE_TRIAL) {
        /* Its boots run out, and the image before it starts again. */
        host_say("application: this release does not come up\n");
        machine_reset();
    }
    host_say("application: the device stays shut\n");
    factory_stay_shut(&fault, handoff.cause);
}
