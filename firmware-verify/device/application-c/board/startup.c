/* The first instructions on an mps2-an386: vectors, floating point, memory. */

#include <stdint.h>
#include <string.h>

#include "board.h"

extern uint32_t data_load[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];
extern uint32_t stack_top[];

/* Coprocessor access control (Armv7-M Architecture Reference Manual, B3.2.20): full access to the floating point unit. */
#define CPACR (*(volatile uint32_t *)0xe000ed88u)
#define FPU (0xfu << 20)

int main(void);
void reset(void);
static void fault(void);
static void pass(void);

/* The initial stack pointer, the handler of the reset, then those of the exceptions (Armv7-M, B1.5.3). */
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, (const void *)reset, (const void *)pass,  (const void *)fault, (const void *)fault, (const void *)fault,
    (const void *)fault, NULL, NULL, NULL, NULL, (const void *)fault, (const void *)fault, NULL, (const void *)fault,
    (const void *)ticks_count,
};

void reset(void)
{
    CPACR |= FPU;
    __asm__ volatile("dsb\n\tisb");
    memcpy(data_start, data_load, (size_t)((uint8_t *)data_end - (uint8_t *)data_start));
    memset(bss_start, 0, (size_t)((uint8_t *)bss_end - (uint8_t *)bss_start));
    main();
    machine_reset();
}

/* The watchdog's first count has ended; the second begins. A program that still runs feeds it in time, and one that hangs goes
   on hanging until the reset. */
static void pass(void)
{
}

static void fault(void)
{
    machine_reset();
}
