/*
 * Lost lines as a counter. See losses.h.
 */
#include "host/losses.h"

#include <string.h>

#include "base/log.h"
#include "hawser/telemetry.h"
#include "telemetry/metric.h"
#include "telemetry/sum.h"

static void on_loss(void *arg)
{
    telemetry_add(arg, 1);
}

void losses_count(struct telemetry_writer *writer)
{
    log_watch_losses(on_loss, telemetry_metric(writer, LOSSES_METRIC, NULL, HAWSER_METRIC_COUNTER));
}

void losses_forget(void)
{
    log_watch_losses(NULL, NULL);
}

json_t *losses_json(struct telemetry_area *area)
{
    int why                   = 0;
    int64_t lost              = (int64_t)log_losses(&why);
    struct telemetry_sum *sum = telemetry_sum_create(area);
    size_t count              = 0;
    struct hawser_metric *all = sum == NULL ? NULL : telemetry_sum_read(sum, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, LOSSES_METRIC) == 0) {
            lost = all[i].value;
        }
    }
    telemetry_sum_destroy(sum);
    return json_pack("{s:I, s:s?}", "lost", (json_int_t)lost, "reason",
                     why == 0 ? NULL : strerror(why));
}
