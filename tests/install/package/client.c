/*
 * The smallest program on libhawser: prints the name of a state.
 */
#include <hawser/client.h>
#include <stdio.h>

int main(void)
{
    return puts(hawser_state_name(HAWSER_STATE_READY)) < 0;
}
