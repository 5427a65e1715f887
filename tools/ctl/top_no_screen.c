/*
 * In place of top_screen.c where ncurses is not there.
 */
#include <stdio.h>

#include "top.h"

int top_screen_run(const struct command *command)
{
    (void)command;
    fprintf(stderr, "hawserctl: built without ncurses; `hawserctl top -b` prints tables instead\n");
    return CTL_USAGE;
}
