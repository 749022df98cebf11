/* The device's key: made on its first start, kept in a block of its own. A product has a secure element, or a protected part of
   its flash. This is a plain one. */

#include <string.h>

#include "board.h"

#define SEED 32u
/* The seed, its checksum, and the rest of a write unit. */
#define KEPT 40u

/* CRC-32C (iSCSI, RFC 3720, 12.1), bit by bit. */
static uint32_t checksum(const uint8_t *bytes, size_t len)
{
    uint32_t crc = ~0u;

    for (size_t at = 0; at < len; at++) {
        crc ^= bytes[at];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0x82f63b78u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

static bool read(uint8_t *kept)
{
    uint32_t check;

    if (flash_key.read(flash_key.context, 0, kept, KEPT) != 0) {
        return false;
    }
    memcpy(&check, kept + SEED, sizeof check);
    return check == checksum(kept, SEED);
}

bool key_load(latch_key_t *key, bool is_new)
{
    static latch_seed_t made;
    uint8_t kept[KEPT] = {0};
    uint32_t check;
    bool is_there = read(kept);

    /* A key that was damaged is not made anew: that would be another device. What a power cut has left of one was never used. */
    if (!is_there && is_new) {
        memset(kept, 0, sizeof kept);
        if (entropy_fill(NULL, kept, SEED) == 0) {
            check = checksum(kept, SEED);
            memcpy(kept + SEED, &check, sizeof check);
            is_there = flash_key.erase(flash_key.context, 0, FLASH_BLOCK) == 0 &&
                       flash_key.write(flash_key.context, 0, kept, KEPT) == 0 && read(kept);
        }
    }
    is_there = is_there && latch_seed_key(kept, &made, key) == LATCH_OK;
    memset(kept, 0, sizeof kept);
    return is_there;
}
