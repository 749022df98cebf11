/* Drivers without anything behind them, with which the README's example is linked: only the library's own size counts. */

#include <stddef.h>
#include <stdint.h>

static volatile int unknown;

int board_flash_read(int region, uint32_t offset, void *out, size_t len)
{
    uint8_t *bytes = out;

    (void)region;
    (void)offset;
    for (size_t at = 0; at < len; at++) {
        bytes[at] = (uint8_t)unknown;
    }
    return unknown;
}

int board_flash_write(int region, uint32_t offset, const void *bytes, size_t len)
{
    (void)region;
    (void)offset;
    (void)bytes;
    (void)len;
    return unknown;
}

int board_flash_erase(int region, uint32_t offset, uint32_t len)
{
    (void)region;
    (void)offset;
    (void)len;
    return unknown;
}

uint64_t board_uptime_ms(void)
{
    return (uint64_t)unknown;
}

int board_random(void *out, size_t len)
{
    return board_flash_read(0, 0, out, len);
}

void board_seed(uint8_t seed[32])
{
    (void)board_flash_read(0, 0, seed, 32);
}

size_t board_provisioning(const uint8_t **root, const uint8_t **enrolment, size_t *enrolment_len)
{
    *root = NULL;
    *enrolment = NULL;
    *enrolment_len = 0;
    return 0;
}

size_t board_receive(uint8_t *message, size_t size, uint64_t for_ms)
{
    (void)for_ms;
    (void)board_flash_read(0, 0, message, size);
    return size;
}

void board_send(const uint8_t *message, size_t len)
{
    (void)message;
    (void)len;
}

size_t board_uart_read(uint8_t *bytes, size_t size)
{
    return board_receive(bytes, size, 0);
}

void board_uart_write(const uint8_t *bytes, size_t len)
{
    board_send(bytes, len);
}

int board_set_speed(int64_t speed)
{
    return speed > unknown;
}

void board_stop(void)
{
    unknown = 0;
}

void board_reset(void)
{
    unknown = 1;
}
