/* A small pump: provisioned from files, obeys codes, tells of it, takes an update. Prints what happens, one line a step. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pump.h"

static latch_device_t device;
static uint8_t out[LATCH_STATE_SIZE];
static uint8_t message[4096];
static uint8_t manifest[1024];
static uint8_t pages[8192];

/* What the pump does. */
static int64_t speed;
static int commands;

static void say(const char *what, latch_result_t result)
{
    latch_text_t sentence = latch_sentence(result);
    printf("%s: %lu %.*s\n", what, (unsigned long)result, (int)sentence.len, sentence.text);
}

static void must(const char *what, latch_result_t result)
{
    if (result != LATCH_OK) {
        say(what, result);
        exit(1);
    }
}

static void print_hex(const char *what, const uint8_t *bytes, size_t len)
{
    printf("%s ", what);
    for (size_t at = 0; at < len; at++) {
        printf("%02x", bytes[at]);
    }
    printf("\n");
}

/* The actuator. Actions are made real here, and nowhere else. */

static int32_t act(void *context, const latch_action_t *action)
{
    latch_entry_t entry;
    latch_facts_t facts;

    (void)context;
    /* The device is in the middle of a call. */
    say("  from within", latch_facts(&device, &facts));
    switch (action->kind) {
    case LATCH_ACTION_TWIN:
        if (latch_entry_find(action->twin, "pump/speed", &entry) != LATCH_OK || entry.value.kind != LATCH_VALUE_INT) {
            return 1;
        }
        speed = entry.value.integer;
        printf("  speed is %ld now, twin version %lu\n", (long)speed, (unsigned long)action->twin_version);
        return 0;
    case LATCH_ACTION_COMMAND:
        commands++;
        printf("  runs %.*s\n", (int)action->name.len, action->name.text);
        return 0;
    case LATCH_ACTION_OPEN:
        printf("  opens latch %u for %lu s\n", action->latch, (unsigned long)action->seconds);
        return 0;
    default:
        return 2;
    }
}

static void shut(void *context, uint8_t latch, latch_close_cause_t cause)
{
    (void)context;
    printf("  shuts latch %u, cause %lu\n", latch, (unsigned long)cause);
}

static void send(void *context, const uint8_t *receipt, size_t len)
{
    (void)context;
    print_hex("receipt", receipt, len);
}

static const latch_actuator_t actuator = {NULL, act, shut, send};

static latch_verdict_t serve(const char *name, const latch_release_t *release)
{
    latch_verdict_t verdict;
    size_t len = board_read(name, message, sizeof message);

    printf("%s\n", name);
    must(name, latch_serve(&device, message, len, release, &actuator, out, sizeof out, &verdict));
    printf("  verdict %lu, receipt of %lu bytes, reason %lu\n", (unsigned long)verdict.kind,
           (unsigned long)verdict.receipt_len, (unsigned long)verdict.refusal.reason);
    return verdict;
}

/* By hand, for actuators that take their time: here one that fails. */
static void serve_slowly(const char *name)
{
    latch_verdict_t verdict;
    latch_entry_t entry;
    size_t receipt_len;
    size_t len = board_read(name, message, sizeof message);

    printf("%s, by hand\n", name);
    must(name, latch_submit(&device, message, len, NULL, out, sizeof out, &verdict));
    if (verdict.kind != LATCH_VERDICT_UNLATCHED || verdict.action.kind != LATCH_ACTION_COMMAND) {
        printf("  not unlatched: %lu\n", (unsigned long)verdict.kind);
        exit(1);
    }
    must("arguments", latch_entry_at(verdict.action.arguments, 0, &entry));
    printf("  %.*s with %.*s=%ld\n", (int)verdict.action.name.len, verdict.action.name.text, (int)entry.path.len,
           entry.path.text, (long)entry.value.integer);
    say("  second argument", latch_entry_at(verdict.action.arguments, 1, &entry));
    must("settle", latch_settle(&device, 5, out, sizeof out, &receipt_len));
    print_hex("receipt", out, receipt_len);
    say("  settled twice", latch_settle(&device, 5, out, sizeof out, &receipt_len));
}

/* What an operator countersigns: the enrolment that comes back is one of the files. */
static void request(const latch_key_t *key)
{
    latch_name_t name = {"acme", "pump", "pump-7", 1, LATCH_KEY_IN_SOFTWARE};
    size_t len;

    must("request", latch_enrolment_request(key, &name, out, sizeof out, &len));
    print_hex("request", out, len);
    name.device = "pump 7";
    say("a malformed name", latch_enrolment_request(key, &name, out, sizeof out, &len));
}

static void begin(void)
{
    static const latch_factory_t factory = {.main = {1, 0, 0}};
    static uint8_t enrolment[512];
    latch_parts_t parts;
    latch_identity_t identity;
    latch_refusal_t refusal;
    size_t root_len = board_read("root", message, sizeof message);
    size_t enrolment_len = board_read("enrolment", enrolment, sizeof enrolment);

    board_parts(&parts);
    request(&parts.key);
    say("before its boot", latch_last_refusal(&device, &refusal));
    say("boot", latch_boot(&device, &parts));
    say("after a fault", latch_identity(&device, &identity));
    must("provision", latch_provision(&device, &parts, message, root_len, enrolment, enrolment_len, &factory));
    must("identity", latch_identity(&device, &identity));
    printf("this is %s of %.16s\n", identity.device, (const char *)identity.tenant);
    say("boot again", latch_boot(&device, &parts));
}

/* The last boot may have ended before its receipts left. */
static void send_again(void)
{
    latch_statement_id_t ids[LATCH_RECENT];
    size_t count;
    size_t len;

    must("recent", latch_recent(&device, ids, &count));
    for (size_t at = 0; at < count; at++) {
        must("receipt", latch_receipt(&device, &ids[at], out, sizeof out, &len));
        print_hex("again", out, len);
    }
}

static void boot_again(uint32_t started, uint8_t slot)
{
    latch_parts_t parts;
    latch_facts_t facts;
    latch_bytes_t twin;
    latch_entry_t entry;
    uint64_t version;

    must("end", latch_end(&device));
    speed = 0;
    board_parts(&parts);
    must("boot", latch_boot_as(&device, &parts, started, slot));
    must("facts", latch_facts(&device, &facts));
    printf("boot %lu runs %u.%u.%lu, %lu receipts\n", (unsigned long)facts.boot, facts.running.version.major,
           facts.running.version.minor, (unsigned long)facts.running.version.patch, (unsigned long)facts.receipts);
    must("twin", latch_twin(&device, &version, &twin));
    must("speed", latch_entry_find(twin, "pump/speed", &entry));
    printf("twin version %lu, speed %ld\n", (unsigned long)version, (long)entry.value.integer);
    send_again();
}

/* Every page message of the release, one after the other. */
static void each_page(latch_result_t (*take)(const uint8_t *page, size_t len, latch_paged_t *paged))
{
    latch_paged_t paged = {0};
    size_t pages_len = board_read("pages", pages, sizeof pages);

    for (size_t at = 0; at + 2 <= pages_len;) {
        size_t len = pages[at] | (size_t)pages[at + 1] << 8;
        must("page", take(pages + at + 2, len, &paged));
        at += 2 + len;
    }
    printf("pages: %lu\n", (unsigned long)paged.kind);
}

static latch_result_t to_device(const uint8_t *page, size_t len, latch_paged_t *paged)
{
    return latch_page(&device, page, len, paged);
}

static latch_restoration_t restoration;

static latch_result_t to_restoration(const uint8_t *page, size_t len, latch_paged_t *paged)
{
    return latch_restoration_page(&restoration, page, len, paged);
}

static latch_choice_t bootloader(void)
{
    static latch_bootloader_t loader;
    static uint8_t record[LATCH_RECORD_SIZE];
    latch_choice_t choice;

    must("bootloader", latch_bootloader_start(&loader, board_journal(), board_slots(), record, sizeof record, &choice));
    printf("bootloader: starts slot %u as %lu, gives up for %lu\n", choice.image.slot, (unsigned long)choice.start,
           (unsigned long)choice.given_up);
    must("jump", latch_bootloader_may_jump_to(&loader, choice.image.slot));
    say("  the other slot", latch_bootloader_may_jump_to(&loader, 1u - choice.image.slot));
    return choice;
}

/* A damaged slot: what was confirmed before runs, until the pages have come again. */
static void restore(void)
{
    static uint8_t record[LATCH_RECORD_SIZE];
    latch_wanted_t wanted;

    board_damage(1, 100);
    bootloader();
    must("restoration", latch_restoration_begin(&restoration, board_journal(), board_slots(), record, sizeof record));
    must("wanted", latch_restoration_wanted(&restoration, &wanted));
    printf("wants page %lu of %lu\n", (unsigned long)wanted.next, (unsigned long)wanted.of);
    each_page(to_restoration);
    must("wanted", latch_restoration_wanted(&restoration, &wanted));
    printf("wants more: %d\n", wanted.any);
    bootloader();
}

static void update(void)
{
    size_t manifest_len = board_read("manifest", manifest, sizeof manifest);
    latch_release_t release = {LATCH_RELEASE_FOUND, manifest, manifest_len};
    latch_armed_t armed;
    size_t receipt_len;

    serve("install", NULL);
    serve("install", &release);
    each_page(to_device);
    must("arm", latch_arm(&device, out, sizeof out, &armed));
    printf("armed: %d\n", armed.ready);

    /* A reset: the bootloader chooses. */
    boot_again(LATCH_STARTED_SLOT, bootloader().image.slot);
    must("confirm", latch_confirm(&device, out, sizeof out, &receipt_len));
    print_hex("receipt", out, receipt_len);
}

int main(void)
{
    uint64_t wake_in_ms;
    size_t state_len;

    begin();
    serve("speed", NULL);
    serve("forged", NULL);
    serve_slowly("flush");
    boot_again(LATCH_STARTED_UNKNOWN, 0);
    /* A replay: answered by the receipt of its first time, and the pump does nothing. */
    serve("speed", NULL);
    printf("speed after the replay: %ld\n", (long)speed);
    serve("open", NULL);
    must("tend", latch_tend(&device, &actuator, out, sizeof out, &wake_in_ms));
    printf("comes again in %lu ms\n", (unsigned long)wake_in_ms);
    update();
    must("state", latch_state(&device, out, sizeof out, &state_len));
    print_hex("state", out, state_len);
    must("end", latch_end(&device));
    restore();
    printf("done, commands run: %d\n", commands);
    return 0;
}
