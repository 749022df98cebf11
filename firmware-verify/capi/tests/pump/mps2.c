/* The first instructions on an mps2-an386: vectors, memory, floating point, then the C library's own start. */

#include <stdint.h>

extern uint32_t data_load[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t __stack[];

/* The C library's: clears memory, reads the command line by semihosting, calls main, and ends the emulator. */
extern void _start(void);

/* Coprocessor access control (Armv7-M Architecture Reference Manual, B3.2.20): full access to the floating point unit. */
#define CPACR (*(volatile uint32_t *)0xe000ed88u)
#define FPU (0xfu << 20)

void reset(void);
static void fault(void);

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    __stack, (const void *)reset, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault,
};

void reset(void)
{
    const uint32_t *from = data_load;

    for (uint32_t *to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    CPACR |= FPU;
    __asm__ volatile("dsb\n\tisb");
    _start();
    for (;;) {
    }
}

/* Ends the emulator with a failure (semihosting: SYS_EXIT, ADP_Stopped_InternalError). */
static void fault(void)
{
    __asm__ volatile("mov r0, #0x18\n\t"
                     "movw r1, #0x0024\n\t"
                     "movt r1, #0x0002\n\t"
                     "bkpt 0xab");
    for (;;) {
    }
}
