// vsim-bench: see README.md beside this file; `ops/bench` starts what it measures.

#include <cstdio>
#include <exception>

#include "tests/benchmark/bench.h"
#include "tests/benchmark/nats_raii.h"
#include "tests/benchmark/options.h"

int main(int argc, char** argv) {
  int exit_status = 0;
  const auto options = vsim::bench::read_options(argc, argv, exit_status);
  if (!options) {
    return exit_status;
  }
  const vsim::bench::NatsLibrary library;
  try {
    return vsim::bench::Bench(*options).run() ? 0 : 1;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "vsim-bench: %s\n", failure.what());
    return 1;
  }
}
