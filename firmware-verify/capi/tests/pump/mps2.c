/* The first instructions on an mps2-an386: vectors, memory, floating point, then the C library's own start. And the last:
   how much of the stack was used. */

#include <stdint.h>
#include <stdio.h>

extern uint32_t data_load[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t end[];
extern uint32_t __stack[];

/* The C library's: clears memory, reads the command line by semihosting, calls main, and ends the emulator. */
extern void _start(void);

/* Coprocessor access control (Armv7-M Architecture Reference Manual, B3.2.20): full access to the floating point unit. */
#define CPACR (*(volatile uint32_t *)0xe000ed88u)
#define FPU (0xfu << 20)

/* What unused stack holds. */
#define PAINT 0x5aa55aa5u
/* The C library's heap grows from `end`, and takes less than this: buffers of files. */
#define HEAP (64u * 1024u / sizeof(uint32_t))

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
    for (volatile uint32_t *word = end + HEAP; word < (uint32_t *)__builtin_frame_address(0) - 64; word++) {
        *word = PAINT;
    }
    CPACR |= FPU;
    __asm__ volatile("dsb\n\tisb");
    _start();
    for (;;) {
    }
}

/* Called when main has returned. What the C library takes for printing is part of it, where that goes deepest. */
__attribute__((destructor)) static void tell_stack(void)
{
    const uint32_t *word = end + HEAP;

    while (word < __stack && *word == PAINT) {
        word++;
    }
    printf("stack %lu\n", (unsigned long)((uintptr_t)__stack - (uintptr_t)word));
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
