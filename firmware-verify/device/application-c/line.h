/* The serial line and the link on it, and the watchdog that both are fed with. */

#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "latch.h"

/* How long a machine that starts anew waits for the host to learn why, in milliseconds. */
#define FAREWELL_MS 2000u

/* What is said and heard, by the functions of latch.h. */
extern latch_link_t line;

void line_open(void);

/* Feeds the watchdog, takes what has come, sends what is due, and rests where there is neither. */
void line_turn(void);

/* Tells the host that nobody looks at the line for a while. */
void line_works(void);

/* Whether there is a host that has just come; whether there is one; whether it has all that was said. */
bool line_has_come(void);
bool line_is_up(void);
bool line_is_told(void);

/* Whether there was room for what was said; what nobody hears counts as said. */
bool line_said(latch_result_t result);

/* Starts the machine anew, once the host has all that was said, or after a while. */
_Noreturn void line_restart(void);

#endif
