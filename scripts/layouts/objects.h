/* The members that src/python/layout/objects.rs knows; included by ../layouts.c. */
