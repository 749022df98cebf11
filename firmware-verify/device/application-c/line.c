#include "line.h"

#include "board/board.h"

/* Bytes of the largest page that the library was built for, where nobody says otherwise. */
#define LARGEST_PAGE (16u * 1024u)
/* Bytes that are read from the line at once. */
#define PIECE 64u
/* How long bytes are taken at most before the device is looked after, in milliseconds: whoever holds the line may never stop. */
#define TAKEN_MS 20u
/* How long the line is watched after a byte before the processor rests, in milliseconds: bytes come one by one, and the tick
   that wakes it comes once a millisecond. */
#define WATCHED_MS 3u

latch_link_t line;

static uint8_t incoming[LATCH_LINK_IN_SIZE(LARGEST_PAGE)];
static uint8_t outgoing[LATCH_LINK_OUT_SIZE];
static uint64_t heard_ms;

void line_open(void)
{
    uint32_t id;

    if (entropy_fill(NULL, (uint8_t *)&id, sizeof id) != 0) {
        /* Told apart from the last one still. */
        id = watchdog_left();
    }
    uart_start();
    if (latch_link_begin(&line, id, incoming, sizeof incoming, outgoing, sizeof outgoing) != LATCH_OK) {
        machine_reset();
    }
}

/* Sends what is due; whether there was anything. */
static bool transmit(void)
{
    uint8_t frame[LATCH_LINE_SIZE];
    bool is_sent = false;
    size_t len;

    while (latch_link_transmit(&line, ticks_ms(), frame, sizeof frame, &len) == LATCH_OK && len > 0) {
        uart_write(frame, len);
        is_sent = true;
    }
    return is_sent;
}

/* Takes what comes, until a message is whole or the line is quiet; whether there was anything. */
static bool receive(void)
{
    uint8_t piece[PIECE];
    bool is_heard = false;
    uint64_t until_ms = ticks_ms() + TAKEN_MS;

    for (;;) {
        uint64_t now_ms = ticks_ms();
        size_t count = uart_read(piece, sizeof piece);

        if (count > 0) {
            (void)latch_link_receive(&line, now_ms, piece, count);
            heard_ms = now_ms;
            is_heard = true;
        }
        if (now_ms - heard_ms >= WATCHED_MS || transmit() || now_ms >= until_ms) {
            return is_heard;
        }
    }
}

static latch_link_status_t status(void)
{
    latch_link_status_t found = {0};

    (void)latch_link_status(&line, &found);
    return found;
}

void line_turn(void)
{
    bool is_heard;
    bool is_sent;

    watchdog_feed();
    is_heard = receive();
    is_sent = transmit();
    if (!is_heard && !is_sent && !status().heard) {
        /* The tick wakes it within a millisecond. */
        machine_rest();
    }
}

void line_works(void)
{
    (void)latch_link_working(&line);
    (void)transmit();
}

bool line_has_come(void)
{
    latch_happened_t happened;
    bool is_up = false;

    while (latch_link_happened(&line, &happened) == LATCH_OK && happened != LATCH_HAPPENED_NOTHING) {
        is_up = happened == LATCH_HAPPENED_UP;
    }
    return is_up;
}

bool line_is_up(void)
{
    return status().up;
}

bool line_is_told(void)
{
    latch_link_status_t found = status();

    return !found.up || found.all_arrived;
}

bool line_said(latch_result_t result)
{
    return result != LATCH_LINK_BUSY;
}

_Noreturn void line_restart(void)
{
    uint64_t until_ms = ticks_ms() + FAREWELL_MS;

    while (!line_is_told() && ticks_ms() < until_ms) {
        line_turn();
    }
    machine_reset();
}
