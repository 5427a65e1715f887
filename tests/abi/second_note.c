/*
 * One more note for a module that has one.
 */
#include "hawser/module.h"

HAWSER_MODULE_NOTE(HAWSER_OUTPUT, "second", "1.0");
