/* The device in service: what its two files know of each other. */

#ifndef SERVICE_H
#define SERVICE_H

#include "application.h"

/* What the last request is owed. */
typedef enum owed_kind_t {
    OWED_NOTHING,
    OWED_VERDICT,
    OWED_PAGE,
    OWED_END,
    /* The state, then the end. */
    OWED_STATE,
} owed_kind_t;

typedef struct owed_t {
    owed_kind_t kind;
    uint16_t tag;
    latch_verdict_t verdict;
    latch_paged_t paged;
    /* Its reason is 0 where nothing was refused. */
    latch_refusal_t refusal;
} owed_t;

/* What the host knows. */
typedef struct told_t {
    bool standing;
    /* The number of the last receipt. */
    uint64_t receipts;
    bool wanted_is_told;
    latch_wanted_t wanted;
    bool pulse_is_told;
    latch_pulse_t pulse;
    uint64_t pulse_at_ms;
} told_t;

typedef struct service_t {
    cause_t cause;
    owed_t owed;
    told_t told;
    /* A receipt that was made before, and is told again. */
    uint8_t again[LATCH_RECEIPT_SIZE];
    size_t again_len;
    /* Latches that have closed by themselves. */
    uint32_t closings;
    /* A request was answered; whether the host has the answer is seen later. */
    bool is_answered;
} service_t;

extern service_t service;

/* Room for whatever the device says: one thing at a time. */
extern uint8_t out[LATCH_STATE_SIZE];

latch_facts_t facts(void);

/* Tells what the host does not know yet, as far as there is room. Whether all was told. */
bool service_tell(void);

#endif
