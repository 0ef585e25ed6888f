#include "tests/powercut/powered_fleet.h"

#include <stdexcept>

#include <sys/stat.h>

#include "tests/harness/number_setting.h"
#include "tests/harness/servers.h"

namespace powercut {
namespace {

using harness::Durability;

constexpr std::size_t workers = 2;

harness::FleetOptions options_of(Durability durability, const std::string& schema,
                                 const std::string& broker_disk, const std::string& postgres_disk) {
  harness::FleetOptions options;
  options.workers = workers;
  options.settings = {{"TIME_SCALE", "10"},
                      {"DURABILITY", durability == Durability::power ? "power" : "process"}};
  options.schema_dir = schema;
  options.nats_store = broker_disk + "/store";
  options.postgres_folder = postgres_disk;
  return options;
}

/// The broker redelivers soon what a dead worker held.
const std::string& with_short_ack_wait(const harness::SchemaCopy& schema) {
  schema.set_ack_wait(std::chrono::seconds(2));
  return schema.path();
}

}  // namespace

const char* name_of(Struck struck) {
  switch (struck) {
    case Struck::broker:
      return "broker";
    case Struck::postgres:
      return "Postgres";
    case Struck::both:
      return "both";
  }
  return "";
}

std::size_t cuts_wanted(std::size_t usual) {
  return harness::number_setting("VSIM_CUTS").value_or(usual);
}

PoweredFleet::PoweredFleet(Durability durability)
    : fleet_(options_of(durability, with_short_ack_wait(schema_), broker_disk_.path(),
                        postgres_disk_.path())) {
  if (durability != harness::test_durability()) {
    fleet_.nats().restart_with(durability);
  }
  fleet_.postgres().restart_with_fsync(durability == Durability::power);
  fleet_.wait_until_ready();
  // More than a storm takes in us-east-1; eu-west-1 keeps its 100, which are soon gone.
  harness::extend_pool(fleet_.client(), "10.20.0.0/16");
  broker_disk_.settle();
  postgres_disk_.settle();
}

std::string PoweredFleet::cut(Struck struck, bool all, std::uint64_t seed) {
  const bool broker = struck != Struck::postgres;
  const bool postgres = struck != Struck::broker;
  std::string left;
  if (broker) {
    broker_disk_.freeze();
  }
  if (postgres) {
    postgres_disk_.freeze();
  }
  if (all) {
    kill_programs();
  }
  if (broker) {
    fleet_.nats().kill();
    left += "; broker: " + broker_disk_.present(seed);
  }
  if (postgres) {
    fleet_.postgres().lose_power();
    left += "; Postgres: " + postgres_disk_.present(seed);
  }
  if (postgres) {
    fleet_.postgres().restart();
  }
  if (broker) {
    fleet_.nats().restart();
  }
  if (all) {
    start_programs();
  }
  return name_of(struck) + std::string(all ? " and all programs" : "") + left;
}

void PoweredFleet::kill_programs() {
  fleet_.api().kill();
  for (std::size_t i = 0; i < workers; ++i) {
    fleet_.worker(i).kill();
  }
}

void PoweredFleet::start_programs() {
  fleet_.start_api();
  for (std::size_t i = 0; i < workers; ++i) {
    fleet_.start_worker(i);
  }
}

}  // namespace powercut
