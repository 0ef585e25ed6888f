// The main of tests that link the product: opens the broker's client library before any test, since
// its destructors crash without it.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "eventstore/broker.h"
#include "tests/harness/failure_listener.h"

int main(int argc, char** argv) {
  const vsim::eventstore::BrokerLibrary library;
  doctest::Context context(argc, argv);
  return context.run();
}
