/* The pump's board, as far as a host or an emulator has one. A product has drivers here. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pump.h"

#define BLOCK 4096u
#define WORD 8u
/* Two sectors of 20 KiB. */
#define JOURNAL (2u * 5u * BLOCK)
#define SLOT (4u * BLOCK)
/* The time on the device's clock, in Unix milliseconds: that of the inputs. */
#define NOW_MS 1795248000000u

static uint8_t journal[JOURNAL];
static uint8_t slots[2][SLOT];
static uint64_t counter;
static uint8_t dice;
static int erased;

static int32_t flash_read(void *cells, uint32_t offset, uint8_t *out, size_t len)
{
    memcpy(out, (const uint8_t *)cells + offset, len);
    return 0;
}

static int32_t flash_write(void *cells, uint32_t offset, const uint8_t *bytes, size_t len)
{
    uint8_t *place = (uint8_t *)cells + offset;

    if (offset % WORD != 0 || len % WORD != 0) {
        return -1;
    }
    /* A write clears bits, and only an erase sets them. */
    for (size_t at = 0; at < len; at++) {
        place[at] &= bytes[at];
    }
    return 0;
}

static int32_t flash_erase(void *cells, uint32_t offset, uint32_t len)
{
    if (offset % BLOCK != 0 || len % BLOCK != 0) {
        return -1;
    }
    memset((uint8_t *)cells + offset, 0xff, len);
    return 0;
}

static uint64_t ticks_ms(void *context)
{
    (void)context;
    return 1000;
}

static int32_t trusted_ms(void *context, uint64_t *unix_ms)
{
    (void)context;
    *unix_ms = NOW_MS;
    return 0;
}

static int32_t fill(void *context, uint8_t *out, size_t len)
{
    (void)context;
    memset(out, ++dice, len);
    return 0;
}

static int32_t counter_read(void *context, uint64_t *number)
{
    *number = *(uint64_t *)context;
    return 0;
}

static int32_t counter_raise(void *context, uint64_t to)
{
    *(uint64_t *)context = to;
    return 0;
}

static const latch_flash_t regions[3] = {
    {journal, JOURNAL, WORD, BLOCK, flash_read, flash_write, flash_erase},
    {slots[0], SLOT, WORD, BLOCK, flash_read, flash_write, flash_erase},
    {slots[1], SLOT, WORD, BLOCK, flash_read, flash_write, flash_erase},
};

const latch_flash_t *board_journal(void)
{
    return &regions[0];
}

const latch_flash_t *board_slots(void)
{
    return &regions[1];
}

void board_damage(int slot, uint32_t offset)
{
    slots[slot][offset] ^= 1;
}

void board_parts(latch_parts_t *parts)
{
    static latch_seed_t kept;
    uint8_t seed[32];

    if (!erased) {
        memset(journal, 0xff, sizeof journal);
        memset(slots, 0xff, sizeof slots);
        erased = 1;
    }
    memset(parts, 0, sizeof *parts);
    parts->abi = LATCH_ABI;
    parts->journal = regions[0];
    parts->slots[0] = regions[1];
    parts->slots[1] = regions[2];
    parts->clock = (latch_clock_t){NULL, ticks_ms, trusted_ms};
    parts->entropy = (latch_entropy_t){NULL, fill};
    parts->counter = (latch_counter_t){&counter, counter_read, counter_raise};
    if (board_read("seed", seed, sizeof seed) != sizeof seed || latch_seed_key(seed, &kept, &parts->key) != LATCH_OK) {
        puts("the seed is no seed");
        exit(1);
    }
}

size_t board_read(const char *name, uint8_t *bytes, size_t size)
{
    FILE *file = fopen(name, "rb");
    size_t len;

    if (file == NULL) {
        printf("%s: cannot be opened\n", name);
        exit(1);
    }
    len = fread(bytes, 1, size, file);
    fclose(file);
    return len;
}
