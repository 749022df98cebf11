/* What the pump's program and its board know of each other. */

#ifndef PUMP_H
#define PUMP_H

#include <stddef.h>
#include <stdint.h>

#include "latch.h"

/* Everything that a device is made of, in RAM: three regions of flash, a clock that stands still, and no randomness worth
   the name. */
void board_parts(latch_parts_t *parts);

/* Reads a file of the folder that the inputs lie in; ends the program if it cannot. */
size_t board_read(const char *name, uint8_t *bytes, size_t size);

/* The three regions, for the bootloader. */
const latch_flash_t *board_journal(void);
const latch_flash_t *board_slots(void);

/* What decay does to a cell of a slot. */
void board_damage(int slot, uint32_t offset);

#endif
