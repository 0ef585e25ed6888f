// The main of these tests: opens the broker's client library before any of them.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "tests/benchmark/nats_raii.h"
#include "tests/harness/failure_listener.h"

int main(int argc, char** argv) {
  const vsim::bench::NatsLibrary library;
  doctest::Context context(argc, argv);
  return context.run();
}
