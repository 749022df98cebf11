/* The board: QEMU's mps2-an386 (a Cortex-M4F; Arm AN386), as the programs in Rust have it in ../../board. What another board
   replaces. */

#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "latch.h"

/* What lies where in the flash chip. */
#define FLASH_BLOCK 4096u
#define FLASH_UNIT 8u
#define KEY_AT 0u
#define JOURNAL_AT (KEY_AT + FLASH_BLOCK)
/* Two sectors of 20 KiB. */
#define JOURNAL_BYTES (2u * 20u * 1024u)
#define SLOTS_AT 0x10000u
#define SLOT_BYTES (256u * 1024u)
#define CHIP_BYTES (SLOTS_AT + 2u * SLOT_BYTES)

/* What the bootloader tells the program that it starts: the slot that the image comes from, and why this one. */
typedef enum cause_t {
    CAUSE_CONFIRMED = 1,
    CAUSE_TRIAL = 2,
    CAUSE_FALLBACK = 3,
    /* The journal is blank: the factory's program asks to be provisioned. */
    CAUSE_FACTORY = 4,
} cause_t;

typedef struct handoff_t {
    uint8_t slot;
    cause_t cause;
} handoff_t;

/* Takes it, once: false where there is none. */
bool handoff_take(handoff_t *handoff);

/* Milliseconds since the reset, once the timer was started; a byte that comes, or the timer, ends a rest. */
void ticks_start(void);
void ticks_count(void);
uint64_t ticks_ms(void);
void machine_rest(void);
_Noreturn void machine_reset(void);

/* The bootloader has started the watchdog: a program that does not feed it for four seconds is reset. */
void watchdog_feed(void);
uint32_t watchdog_left(void);

/* Lamps, which stand for what a product moves. */
void lamps_dark(void);
void lamp_set(unsigned lamp, bool lit);
bool lamp_is_lit(unsigned lamp);

/* The serial line: as many bytes as have come and as there is room for. */
void uart_start(void);
size_t uart_read(uint8_t *bytes, size_t size);
void uart_write(const uint8_t *bytes, size_t len);

/* The flash chip, opened once, and its regions. */
void flash_open(void);
extern const latch_flash_t flash_key;
extern const latch_flash_t flash_journal;
extern const latch_flash_t flash_slots[2];

/* Randomness: the host's, as the emulated machine has none. Not for a product. */
int32_t entropy_fill(void *context, uint8_t *out, size_t len);

/* The device's key; one is made where there is none yet, for a device that is new. False where there is none. */
bool key_load(latch_key_t *key, bool is_new);

#endif
