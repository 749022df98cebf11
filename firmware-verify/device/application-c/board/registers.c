/* Timer, watchdog, lamps, serial line, and the words of the handoff (Arm CMSDK, DDI 0479; where they are: Arm AN386). */

#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CLOCK_HZ 25000000u

/* Armv7-M: the timer, and the register that resets. */
#define SYST_CSR REGISTER(0xe000e010u)
#define SYST_RVR REGISTER(0xe000e014u)
#define SYST_CVR REGISTER(0xe000e018u)
#define SYST_RUNS 7u /* from the processor's clock, with its interrupt */
#define AIRCR REGISTER(0xe000ed0cu)
#define AIRCR_RESET 0x05fa0004u

#define UART_DATA REGISTER(0x40004000u)
#define UART_STATE REGISTER(0x40004004u)
#define UART_CONTROL REGISTER(0x40004008u)
#define UART_DIVIDER REGISTER(0x40004010u)
#define TRANSMIT_FULL 1u
#define RECEIVE_FULL 2u
#define ENABLE_BOTH 3u
/* 25 MHz by 115,200 baud; QEMU does not care. */
#define DIVIDER 217u

#define WATCHDOG_LOAD REGISTER(0x40008000u)
#define WATCHDOG_VALUE REGISTER(0x40008004u)
#define WATCHDOG_CLEAR REGISTER(0x4000800cu)
/* The hardware counts twice, and resets when the second count ends. */
#define WATCHDOG_COUNT (CLOCK_HZ / 1000u * 2000u)

#define LEDS REGISTER(0x40028000u)

/* "LtCh", in the order of bytes that the machine has; what was started, and its complement. */
#define HANDOFF_MARK REGISTER(0x203fff00u)
#define HANDOFF_SAID REGISTER(0x203fff04u)
#define HANDOFF_COMPLEMENT REGISTER(0x203fff08u)
#define MARK 0x6843744cu

static volatile uint64_t passed_ms;

bool handoff_take(handoff_t *handoff)
{
    uint32_t mark = HANDOFF_MARK;
    uint32_t said = HANDOFF_SAID;
    uint32_t cause = said >> 8;

    HANDOFF_MARK = 0;
    if (mark != MARK || HANDOFF_COMPLEMENT != ~said || cause < CAUSE_CONFIRMED || cause > CAUSE_FACTORY) {
        return false;
    }
    handoff->slot = (uint8_t)said;
    handoff->cause = (cause_t)cause;
    return true;
}

void ticks_start(void)
{
    SYST_RVR = CLOCK_HZ / 1000u - 1u;
    SYST_CVR = 0;
    SYST_CSR = SYST_RUNS;
}

/* The timer's interrupt. */
void ticks_count(void)
{
    passed_ms++;
}

uint64_t ticks_ms(void)
{
    uint64_t now_ms;

    /* Two words, which the interrupt must not come between. */
    __asm__ volatile("cpsid i" ::: "memory");
    now_ms = passed_ms;
    __asm__ volatile("cpsie i" ::: "memory");
    return now_ms;
}

void machine_rest(void)
{
    __asm__ volatile("wfi");
}

_Noreturn void machine_reset(void)
{
    __asm__ volatile("dsb");
    AIRCR = AIRCR_RESET;
    for (;;) {
        machine_rest();
    }
}

void watchdog_feed(void)
{
    WATCHDOG_CLEAR = 1;
    WATCHDOG_LOAD = WATCHDOG_COUNT;
}

uint32_t watchdog_left(void)
{
    return WATCHDOG_VALUE;
}

void lamps_dark(void)
{
    LEDS = 0;
}

void lamp_set(unsigned lamp, bool lit)
{
    LEDS = (LEDS & ~(1u << lamp)) | (uint32_t)lit << lamp;
}

bool lamp_is_lit(unsigned lamp)
{
    return (LEDS >> lamp & 1u) != 0;
}

void uart_start(void)
{
    UART_DIVIDER = DIVIDER;
    UART_CONTROL = ENABLE_BOTH;
}

size_t uart_read(uint8_t *bytes, size_t size)
{
    size_t count = 0;

    while (count < size && (UART_STATE & RECEIVE_FULL) != 0) {
        bytes[count++] = (uint8_t)UART_DATA;
    }
    return count;
}

void uart_write(const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        while ((UART_STATE & TRANSMIT_FULL) != 0) {
        }
        UART_DATA = bytes[at];
    }
}
