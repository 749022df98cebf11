@ Runs trials, one after the other. What lies where on the desk is as in `desk.rs` of the host.

    .syntax unified
    .thumb

    @ RAM that the host shares, and what the host says there.
    .equ DESK, 0x21000000
    .equ CURRENT, 0
    .equ COUNT, 4
    .equ PATIENCE, 8
    .equ KEPT, 12               @ two ranges: of each its start, and its length in bytes
    .equ END, 28
    .equ JOBS, 0x100
    .equ JOB_SHIFT, 7
    .equ STACK, 0x21010000

    @ A job.
    .equ MOMENT, 0
    .equ LEFT, 4
    .equ BY_HAND, 8
    .equ WATCHED, 12
    .equ REGISTERS, 16          @ r0 to r12
    .equ SP_OF, 68
    .equ LR_OF, 72
    .equ FLAGS_OF, 76
    .equ PC_OF, 80

    @ Where it is kept what a run has left, behind how it has ended.
    .equ LEFT_MEMORY, 32

    @ The first serial line (Arm AN386; CMSDK UART), the timer, the state of interrupts, the memory protection unit and that of
    @ the FPU (Armv7-M, B3.2.2, B3.3, B3.5).
    .equ LINE, 0x40004000
    .equ TIMER, 0xe000e010
    .equ ICSR, 0xe000ed04
    .equ MPU, 0xe000ed94
    .equ FPCCR, 0xe000ef34

    .macro entry name
    .global \name
    .type \name, %function
    .size \name, 4
    .balign 4
\name:
    .endm

    .section .monitor, "ax", %progbits

@ Runs all jobs on the desk from the current one on.
    entry run
    bl unprotect
    ldr sp, =STACK
    ldr r0, =LINE
    movs r1, #16
    str r1, [r0, #0x10]
    movs r1, #1
    str r1, [r0, #8]
next:
    ldr r11, =DESK
    ldr r0, [r11, #CURRENT]
    ldr r1, [r11, #COUNT]
    cmp r0, r1
    bhs finished
    bl job
    ldr r1, [r12, #MOMENT]
    ldr r0, [r11, #KEPT]
    ldr r2, [r11, #KEPT + 4]
    bl copy
    ldr r0, [r11, #KEPT + 8]
    ldr r2, [r11, #KEPT + 12]
    bl copy
    @ The watchdog counts from the beginning.
    ldr r0, =TIMER
    movs r1, #0
    str r1, [r0]
    ldr r1, [r11, #PATIENCE]
    str r1, [r0, #4]
    str r1, [r0, #8]
    ldr r2, =ICSR
    mov r1, #1 << 25
    str r1, [r2]
    ldr r1, [r12, #WATCHED]
    str r1, [r0]
    ldr r0, =target
    ldr r1, [r12, #PC_OF]
    str r1, [r0]
    bl protect
    ldr r0, [r12, #BY_HAND]
    cbz r0, begin
    movs r0, #'r'
    b say
begin:
    ldr r0, [r12, #FLAGS_OF]
    msr apsr_nzcvqg, r0
    ldr sp, [r12, #SP_OF]
    ldr lr, [r12, #LR_OF]
    add.w r12, r12, #REGISTERS
    ldmia.w r12, {r0-r11}
    ldr.w r12, [r12, #48]
    ldr.w pc, target

@ How a run ends: by itself, with the actuator driven, with an exception or a new beginning, by its watchdog.
    entry over
    movs r0, #'o'
    b ended
    entry driven
    movs r0, #'d'
    b ended
    entry failed
    movs r0, #'f'
    b ended
    entry hung
    movs r0, #'h'
    @ Whatever the run has done to the processor is undone.
ended:
    movs r2, #0
    msr control, r2
    isb
    ldr r1, =TIMER
    str r2, [r1]
    ldr r1, =ICSR
    mov r3, #1 << 25
    str r3, [r1]
    ldr r1, =FPCCR
    mov r3, #0xc0000000
    str r3, [r1]
    msr basepri, r2
    cpsie i
    cpsie f
    bl unprotect
    ldr sp, =STACK
    ldr r11, =DESK
    str r0, [r11, #END]
    @ An exception is left by returning from it, to what comes next.
    mrs r0, ipsr
    cbz r0, left
    ldr r1, =ICSR
    ldr r0, [r1]
    tst r0, #1 << 11
    beq stuck
    sub sp, #32
    ldr r0, =left
    str r0, [sp, #24]
    mov r0, #1 << 24
    str r0, [sp, #28]
    ldr lr, =0xfffffff9
    bx lr
left:
    ldr sp, =STACK
    ldr r11, =DESK
    bl job
    ldr r0, [r12, #LEFT]
    ldr r1, [r11, #END]
    str r1, [r0]
    adds r0, #LEFT_MEMORY
    ldr r1, [r11, #KEPT]
    ldr r2, [r11, #KEPT + 4]
    bl copy
    ldr r0, [r11, #CURRENT]
    adds r0, #1
    str r0, [r11, #CURRENT]
    b next

@ Keeps memory as it is, at r0.
    entry keep
    bl unprotect
    ldr r11, =DESK
    ldr r1, [r11, #KEPT]
    ldr r2, [r11, #KEPT + 4]
    bl copy
    ldr r1, [r11, #KEPT + 8]
    ldr r2, [r11, #KEPT + 12]
    bl copy
    bl protect
    b finished

@ Copies r2 bytes from r1 to r0.
    entry carry
    bl unprotect
    bl copy
    bl protect
    b finished

@ Lets the watchdog of a run by hand begin: r1 into r0.
    entry watch
    str r1, [r0]
    b .

finished:
    movs r0, #'o'
    b say
@ An exception within another, which is not left so.
stuck:
    movs r0, #'x'
@ Tells the host a word, and waits for it. A processor that sleeps would not be awakened by it.
say:
    ldr r1, =LINE
    str r0, [r1]
    b .

@ r12 is the current job of the desk r11.
job:
    ldr r0, [r11, #CURRENT]
    add.w r12, r11, #JOBS
    add.w r12, r12, r0, lsl #JOB_SHIFT
    bx lr

@ Copies r2 bytes, a multiple of four, from r1 to r0, and leaves both behind them.
copy:
    subs r2, #32
    blo 2f
1:  ldmia r1!, {r3-r10}
    stmia r0!, {r3-r10}
    subs r2, #32
    bhs 1b
2:  adds r2, #32
    beq 4f
3:  ldr r3, [r1], #4
    str r3, [r0], #4
    subs r2, #4
    bne 3b
4:  bx lr

@ Lets nobody write the 4 MiB from address 0 on, where the program lies and this, nor the 16 MiB of the desk: they are flash in a
@ product, or not there. Where nothing is, nothing can be read or executed: QEMU would execute zeros there, one after the other.
@ r0 to r2 are lost.
protect:
    ldr r0, =MPU
    movs r1, #0
    str r1, [r0]
    ldr r1, =regions
1:  ldr r2, [r1], #4
    str r2, [r0, #8]
    ldr r2, [r1], #4
    str r2, [r0, #12]
    ldr r2, =regions_end
    cmp r1, r2
    bne 1b
    movs r1, #1
    str r1, [r0]
    dsb
    isb
    bx lr

    .balign 4
@ Where each begins, and its number; then what may be done there, and how large it is (Armv7-M, B3.5.8, B3.5.9): the program, to be
@ read; the desk, the same, but not executed; the first 64 KiB of RAM, and of its last 32 those from the eighth on, which is what is
@ put back; devices, not executed.
regions:
    .word 0x00000010, 6 << 24 | 1 << 17 | 21 << 1 | 1
    .word DESK | 0x11, 1 << 28 | 6 << 24 | 1 << 17 | 23 << 1 | 1
    .word 0x20000012, 3 << 24 | 1 << 17 | 15 << 1 | 1
    .word 0x20078013, 3 << 24 | 1 << 17 | 3 << 8 | 14 << 1 | 1
    .word 0x40000014, 1 << 28 | 3 << 24 | 1 << 16 | 28 << 1 | 1
regions_end:

@ r3 and r4 are lost.
unprotect:
    ldr r3, =MPU
    movs r4, #0
    str r4, [r3]
    dsb
    isb
    bx lr

    .ltorg

    .section .monitor.target, "ax", %progbits
    .balign 4
@ Where a run begins.
    .global target
    .type target, %object
    .size target, 4
target:
    .word 0
