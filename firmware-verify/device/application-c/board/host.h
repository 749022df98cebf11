/* Calls to the host (Arm's "Semihosting for AArch32 and AArch64", 2.0): files, messages, and the end of the machine. Only an
   emulator or a debugger answers them. A real board has no use for this file. */

#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the emulated machine ends: QEMU's exit code. */
#define EXIT_POWER_CUT 77u
#define EXIT_BROKEN 78u

/* A file of the host: -1 for one that cannot be opened. */
typedef int32_t file_t;

file_t host_open(const char *name, bool to_write);
/* Whether all of the bytes came, or were taken. */
bool host_read(file_t file, void *bytes, size_t len);
bool host_read_at(file_t file, uint32_t offset, void *bytes, size_t len);
bool host_write_at(file_t file, uint32_t offset, const void *bytes, size_t len);

void host_say(const char *text);
_Noreturn void host_exit(uint32_t code);

#endif
