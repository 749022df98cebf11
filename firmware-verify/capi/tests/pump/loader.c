/* A bootloader that brings the confirmed image back where its slot has lost it. Linked, not run, for its size; the drivers
   are those of stubs.c. */

#include "latch.h"

int board_flash_read(int region, uint32_t offset, void *out, size_t len);
int board_flash_write(int region, uint32_t offset, const void *bytes, size_t len);
int board_flash_erase(int region, uint32_t offset, uint32_t len);
size_t board_receive(uint8_t *message, size_t size, uint64_t for_ms);
void board_reset(void);

static uint8_t record[LATCH_RECORD_SIZE];
static uint8_t message[4096 + 256];
static latch_bootloader_t loader;
static latch_restoration_t restoration;

static int32_t flash_read(void *region, uint32_t offset, uint8_t *bytes, size_t len)
{
    return board_flash_read(*(const int *)region, offset, bytes, len);
}

static int32_t flash_write(void *region, uint32_t offset, const uint8_t *bytes, size_t len)
{
    return board_flash_write(*(const int *)region, offset, bytes, len);
}

static int32_t flash_erase(void *region, uint32_t offset, uint32_t len)
{
    return board_flash_erase(*(const int *)region, offset, len);
}

int main(void)
{
    static int regions[3] = {0, 1, 2};
    const latch_flash_t journal = {&regions[0], 2 * 20 * 1024, 4, 4096, flash_read, flash_write, flash_erase};
    const latch_flash_t slots[2] = {
        {&regions[1], 256 * 1024, 4, 4096, flash_read, flash_write, flash_erase},
        {&regions[2], 256 * 1024, 4, 4096, flash_read, flash_write, flash_erase},
    };
    latch_choice_t choice;
    latch_paged_t paged;

    if (latch_bootloader_start(&loader, &journal, slots, record, sizeof record, &choice) == LATCH_OK &&
        choice.start != LATCH_START_RECOVERY && latch_bootloader_may_jump_to(&loader, choice.image.slot) == LATCH_OK) {
        return choice.image.slot; /* and jump there */
    }
    if (latch_restoration_begin(&restoration, &journal, slots, record, sizeof record) == LATCH_OK) {
        do {
            size_t len = board_receive(message, sizeof message, LATCH_NEVER);
            if (latch_restoration_page(&restoration, message, len, &paged) != LATCH_OK) {
                paged.kind = LATCH_PAGE_KEPT;
            }
        } while (paged.kind != LATCH_PAGE_RESTORED);
    }
    board_reset();
    return 1;
}
