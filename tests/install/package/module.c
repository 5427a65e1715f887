/*
 * The smallest descriptor: enough to see that the installed headers and flags make a module.
 */
#include <hawser/module.h>

HAWSER_MODULE_NOTE(HAWSER_OUTPUT, "outsider", "0.1.0");

HAWSER_EXPORT const struct hawser_module hawser_module = {
    HAWSER_MODULE_HEAD,
    .kind    = HAWSER_OUTPUT,
    .name    = "outsider",
    .version = "0.1.0",
};
