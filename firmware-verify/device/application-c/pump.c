#include "pump.h"

#include <string.h>

#include "board/board.h"

/* The lamps that stand for the running pump and the open hatch. */
#define PUMP 0u
#define HATCH 1u

/* The latch of the hatch, as the trust root numbers it. */
#define MAINTENANCE 3u
/* The fact that the pump stands still, as the trust root numbers it. */
#define AT_REST (1u << 1)
/* How long that is true without being said again, in milliseconds: the program says it in every round. */
#define AT_REST_MS 1000u

/* The fastest that the pump goes, in per cent. */
#define FASTEST 100
/* The longest that it may be primed, in seconds. */
#define LONGEST_PRIME_S 60

/* What makes the releases of the tests different from each other. 1.0 has none of them; 1.1 has a command more. */
#ifdef FLUSH
#define HAS_FLUSH true
#else
#define HAS_FLUSH false
#endif
/* 1.2: its self-test finds that the pump does not obey. */
#ifdef ILL
#define IS_ILL true
#else
#define IS_ILL false
#endif

/* Why a change is not carried out: the number in the receipt. */
enum {
    DONE = 0,
    /* A speed that is no whole number from 0 to 100. */
    FAULT_SPEED = 1,
    /* A command that this release does not have. */
    FAULT_COMMAND = 2,
    /* Arguments that the command does not take. */
    FAULT_ARGUMENTS = 3,
    /* A latch behind which nothing stands. */
    FAULT_LATCH = 4,
};

static int64_t speed;
static int64_t primed_s;

static void run(int64_t at)
{
    speed = at;
    lamp_set(PUMP, at > 0);
}

/* The speed that a twin asks for; none is none. */
static int32_t speed_of(latch_bytes_t twin, int64_t *asked)
{
    latch_entry_t leaf;

    *asked = 0;
    if (latch_entry_find(twin, "pump/speed", &leaf) != LATCH_OK) {
        return DONE;
    }
    if (leaf.value.kind != LATCH_VALUE_INT || leaf.value.integer < 0 || leaf.value.integer > FASTEST) {
        return FAULT_SPEED;
    }
    *asked = leaf.value.integer;
    return DONE;
}

static bool is(latch_text_t text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.text, word, text.len) == 0;
}

/* The one argument of a command. */
static int32_t argument(latch_bytes_t arguments, const char *name, int64_t *value)
{
    latch_entry_t leaf;
    latch_entry_t more;

    if (latch_entry_at(arguments, 0, &leaf) != LATCH_OK || latch_entry_at(arguments, 1, &more) == LATCH_OK ||
        !is(leaf.path, name) || leaf.value.kind != LATCH_VALUE_INT) {
        return FAULT_ARGUMENTS;
    }
    *value = leaf.value.integer;
    return DONE;
}

static int32_t command(latch_text_t name, latch_bytes_t arguments)
{
    int64_t seconds;

    if (is(name, "prime")) {
        if (argument(arguments, "seconds", &seconds) != DONE || seconds < 1 || seconds > LONGEST_PRIME_S) {
            return FAULT_ARGUMENTS;
        }
        primed_s += seconds;
        return DONE;
    }
    if (HAS_FLUSH && is(name, "flush")) {
        primed_s = 0;
        return DONE;
    }
    return FAULT_COMMAND;
}

static int32_t hatch(uint8_t latch, bool is_open)
{
    if (latch != MAINTENANCE) {
        return FAULT_LATCH;
    }
    lamp_set(HATCH, is_open);
    return DONE;
}

int32_t pump_act(void *context, const latch_action_t *action)
{
    int64_t asked;
    int32_t fault;

    (void)context;
    switch (action->kind) {
    case LATCH_ACTION_TWIN:
        fault = speed_of(action->twin, &asked);
        if (fault == DONE) {
            run(asked);
        }
        return fault;
    case LATCH_ACTION_COMMAND:
        return command(action->name, action->arguments);
    case LATCH_ACTION_OPEN:
    case LATCH_ACTION_RENEW:
        return hatch(action->latch, true);
    case LATCH_ACTION_CLOSE:
        return hatch(action->latch, false);
    default:
        /* LATCH_ACTION_LOCKDOWN, and whatever is not known: everything is shut. */
        lamp_set(HATCH, false);
        run(0);
        return action->kind == LATCH_ACTION_LOCKDOWN ? DONE : FAULT_COMMAND;
    }
}

void pump_shut(void *context, uint8_t latch, latch_close_cause_t cause)
{
    (void)context;
    (void)latch;
    (void)cause;
    lamp_set(HATCH, false);
}

bool pump_obeys(bool is_locked_down)
{
    int64_t before = speed;
    bool runs;
    bool stops;

    if (is_locked_down) {
        return !IS_ILL;
    }
    run(FASTEST);
    runs = lamp_is_lit(PUMP);
    run(0);
    stops = !lamp_is_lit(PUMP);
    run(before);
    return runs && stops && !IS_ILL;
}

void pump_follow(latch_bytes_t twin)
{
    int64_t asked;

    if (speed_of(twin, &asked) == DONE) {
        run(asked);
    }
}

void pump_observe(latch_device_t *device)
{
    (void)latch_observe(device, AT_REST, AT_REST, speed == 0 ? AT_REST : 0, AT_REST_MS);
}
