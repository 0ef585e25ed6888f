// The main of tests that know the product from outside only.

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "tests/harness/failure_listener.h"
