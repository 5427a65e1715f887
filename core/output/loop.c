/*
 * What drives the writer of an output that does not block: an event on the worker's loop.
 */
#include <sys/time.h>

#include "base/error.h"
#include "output/object.h"

#define MOST_STEPS 8 /* in one turn of the loop: sessions come first */

static void arm(struct output *output, int64_t delay_ms)
{
    output->is_armed = 1;
    if (delay_ms == 0) {
        event_active(output->run, EV_TIMEOUT, 0);
        return;
    }
    struct timeval delay = {delay_ms / 1000, delay_ms % 1000 * 1000};
    (void)event_add(output->run, &delay); /* fails for lack of memory alone; a push tries again */
}

static void on_run(evutil_socket_t fd, short what, void *arg)
{
    struct output *output = OBJ_CAST(struct output, arg, OUTPUT_MAGIC);
    (void)fd;
    (void)what;
    output->is_armed = 0;
    for (int i = 0; i < MOST_STEPS; i++) {
        enum writer_step step = output_writer_step(&output->writer);
        if (step == WRITER_RETRY) {
            arm(output, output->writer.retry_ms);
            return;
        }
        if (step == WRITER_IDLE) {
            output_drained(output); /* may free the output */
            return;
        }
    }
    arm(output, 0);
}

int output_loop_start(struct output *output, struct hawser_error *err)
{
    output->run = evtimer_new(output->loop->base, on_run, output);
    if (output->run == NULL) {
        error_set(err, HAWSER_SYSTEM_MEMORY, "no memory for an output's event");
        return -1;
    }
    return 0;
}

void output_loop_wake(struct output *output)
{
    if (!output->is_armed) {
        arm(output, 0);
    }
}

void output_loop_poke(struct output *output)
{
    (void)event_del(output->run); /* it is an event of ours: cannot fail */
    arm(output, 0);
}
