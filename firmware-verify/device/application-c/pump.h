/* What the product is: a pump, and the hatch through which people reach into it. */

#ifndef PUMP_H
#define PUMP_H

#include <stdbool.h>

#include "latch.h"

/* Carries out what a burned code allows; shuts what closes by itself. */
int32_t pump_act(void *context, const latch_action_t *action);
void pump_shut(void *context, uint8_t latch, latch_close_cause_t cause);

/* Whether it obeys: what a release has to show before it is confirmed. One that is locked down moves nothing for it. */
bool pump_obeys(bool is_locked_down);

/* Makes the pump what the twin says. What is amiss in it is left out: that was told when it came. */
void pump_follow(latch_bytes_t twin);

/* Tells the device what the pump knows of itself. */
void pump_observe(latch_device_t *device);

#endif
