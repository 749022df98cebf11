/* The flash chip: NOR flash in a file of the host, so that it survives the emulator being killed, as ../../board has it: units
   of 8 bytes, written once between two erases. A program that breaks the rules ends the machine. And a planned loss of power, in
   a chosen operation, which is torn: power.bin has how many operations go well, and a seed. */

#include <string.h>

#include "board.h"
#include "host.h"

#define ERASED 0xffu

static uint8_t chip[CHIP_BYTES];
static file_t chip_file = -1;

static file_t plan_file = -1;
static uint32_t plan[2];

static void must(bool is_done, const char *what)
{
    if (!is_done) {
        host_say(what);
        host_exit(EXIT_BROKEN);
    }
}

void flash_open(void)
{
    chip_file = host_open("flash.bin", true);
    must(chip_file >= 0, "flash.bin cannot be opened: run the emulator in the folder where it is\n");
    must(host_read_at(chip_file, 0, chip, sizeof chip), "flash.bin is too short for this chip\n");
    plan_file = host_open("power.bin", true);
    if (plan_file >= 0 && !host_read_at(plan_file, 0, plan, sizeof plan)) {
        plan_file = -1;
    }
}

/* Marsaglia, "Xorshift RNGs", 2003. */
static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Whether this operation is the one that is torn. */
static bool is_struck(void)
{
    if (plan_file < 0) {
        return false;
    }
    if (plan[0] == 0) {
        return true;
    }
    plan[0]--;
    (void)host_write_at(plan_file, 0, &plan[0], sizeof plan[0]);
    return false;
}

/* Programs (`bytes`) or erases (NULL) cells, whole or torn, and keeps what they are then. */
static void change(uint32_t at, const uint8_t *bytes, size_t len)
{
    bool is_torn = is_struck();
    uint32_t dice = plan[1] | 1u;
    size_t whole = len;
    bool is_ragged = false;

    if (is_torn) {
        whole = next(&dice) % (len + 1);
        is_ragged = (next(&dice) & 1u) != 0;
    }
    for (size_t cell = 0; cell < len; cell++) {
        uint8_t after = bytes == NULL ? ERASED : bytes[cell];
        uint8_t mask = 0xff;

        if (cell >= whole) {
            mask = is_ragged ? (uint8_t)next(&dice) : 0;
        }
        chip[at + cell] = (uint8_t)((chip[at + cell] & ~mask) | (after & mask));
    }
    must(host_write_at(chip_file, at, chip + at, len), "flash.bin cannot be written\n");
    if (is_torn) {
        host_say("the power is cut\n");
        host_exit(EXIT_POWER_CUT);
    }
}

/* A region's context is where it begins. */
static uint32_t place(const void *from, uint32_t offset)
{
    return *(const uint32_t *)from + offset;
}

static int32_t flash_read(void *from, uint32_t offset, uint8_t *out, size_t len)
{
    memcpy(out, chip + place(from, offset), len);
    return 0;
}

static int32_t flash_write(void *from, uint32_t offset, const uint8_t *bytes, size_t len)
{
    uint32_t at = place(from, offset);

    if (at % FLASH_UNIT != 0 || len % FLASH_UNIT != 0) {
        return -1;
    }
    for (size_t cell = 0; cell < len; cell++) {
        must(chip[at + cell] == ERASED, "a unit of the flash was written twice\n");
    }
    change(at, bytes, len);
    return 0;
}

static int32_t flash_erase(void *from, uint32_t offset, uint32_t len)
{
    uint32_t at = place(from, offset);

    if (at % FLASH_BLOCK != 0 || len % FLASH_BLOCK != 0) {
        return -1;
    }
    for (uint32_t end = at + len; at < end; at += FLASH_BLOCK) {
        change(at, NULL, FLASH_BLOCK);
    }
    return 0;
}

static uint32_t key_at = KEY_AT;
static uint32_t journal_at = JOURNAL_AT;
static uint32_t slots_at[2] = {SLOTS_AT, SLOTS_AT + SLOT_BYTES};

const latch_flash_t flash_key = {&key_at, FLASH_BLOCK, FLASH_UNIT, FLASH_BLOCK, flash_read, flash_write, flash_erase};
const latch_flash_t flash_journal = {&journal_at, JOURNAL_BYTES, FLASH_UNIT, FLASH_BLOCK,
                                     flash_read,  flash_write,   flash_erase};
const latch_flash_t flash_slots[2] = {
    {&slots_at[0], SLOT_BYTES, FLASH_UNIT, FLASH_BLOCK, flash_read, flash_write, flash_erase},
    {&slots_at[1], SLOT_BYTES, FLASH_UNIT, FLASH_BLOCK, flash_read, flash_write, flash_erase},
};
