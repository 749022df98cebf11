/* A pump behind latches, in C: what a product's program looks like. What the files of it know of each other. */

#ifndef APPLICATION_H
#define APPLICATION_H

#include "board/board.h"
#include "latch.h"

/* How long the device rests when its flash or its memory has failed, in milliseconds: each start is a write, and a fault that passes
   does so in minutes or not at all. */
#define FAULT_REST_MS 60000u

/* The device: storage that never moves. */
extern latch_device_t device;

/* The version of this build: of the program from the factory, where nobody has said another. */
extern const latch_version_t own_version;

/* What the device is made of; its key is made where there is none yet, for a device that is new. */
bool parts_of(latch_parts_t *parts, bool is_new);

/* Why the program was started, as a host is told: one of latch_why_t. */
uint32_t why(cause_t cause);

/* Serves a host until the device is provisioned; then the machine starts anew. */
_Noreturn void factory_run(cause_t cause);

/* Serves a host that asks what is the matter with a device that does not come up. */
_Noreturn void factory_stay_shut(const latch_refusal_t *fault, cause_t cause);

/* Serves for as long as the machine runs. */
_Noreturn void service_run(cause_t cause);

#endif
