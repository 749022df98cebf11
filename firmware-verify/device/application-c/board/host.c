#include "host.h"

#include <string.h>

#include "board.h"

enum {
    SYS_OPEN = 0x01,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0a,
    SYS_EXIT_EXTENDED = 0x20,
};

#define READ_BINARY 1u
#define UPDATE_BINARY 3u
#define APPLICATION_EXIT 0x20026u

static int32_t call(uint32_t operation, const void *arguments)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

file_t host_open(const char *name, bool to_write)
{
    const uint32_t arguments[3] = {(uint32_t)name, to_write ? UPDATE_BINARY : READ_BINARY, strlen(name)};

    return call(SYS_OPEN, arguments);
}

bool host_read(file_t file, void *bytes, size_t len)
{
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)bytes, len};

    return call(SYS_READ, arguments) == 0;
}

static bool seek(file_t file, uint32_t offset)
{
    const uint32_t arguments[2] = {(uint32_t)file, offset};

    return call(SYS_SEEK, arguments) == 0;
}

bool host_read_at(file_t file, uint32_t offset, void *bytes, size_t len)
{
    return seek(file, offset) && host_read(file, bytes, len);
}

bool host_write_at(file_t file, uint32_t offset, const void *bytes, size_t len)
{
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)bytes, len};

    return seek(file, offset) && call(SYS_WRITE, arguments) == 0;
}

void host_say(const char *text)
{
    call(SYS_WRITE0, text);
}

_Noreturn void host_exit(uint32_t code)
{
    const uint32_t arguments[2] = {APPLICATION_EXIT, code};

    call(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
        machine_rest();
    }
}

int32_t entropy_fill(void *context, uint8_t *out, size_t len)
{
    static file_t file = -1;

    (void)context;
    if (file < 0) {
        file = host_open("/dev/urandom", false);
    }
    return file >= 0 && host_read(file, out, len) ? 0 : -1;
}
