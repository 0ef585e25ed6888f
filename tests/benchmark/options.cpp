#include "tests/benchmark/options.h"

#include <CLI/CLI.hpp>

#include "domain/decimal.h"

namespace vsim::bench {
namespace {

/// From "127.0.0.1:8080".
Target parse_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  const auto port =
      colon == std::string::npos ? std::nullopt : read_decimal(address.substr(colon + 1), 65535);
  if (!port || *port == 0) {
    throw CLI::ValidationError("--api", "'" + address + "' is no HOST:PORT");
  }
  return {address.substr(0, colon), static_cast<std::uint16_t>(*port)};
}

/// CLI11 alone reads 010 as octal.
const CLI::Validator decimal(
    [](const std::string& text) {
      return read_decimal(text) ? std::string() : "'" + text + "' is no decimal number";
    },
    "DECIMAL");

}  // namespace

std::optional<Options> read_options(int argc, char** argv, int& exit_status) {
  Options options;
  std::string address = "127.0.0.1:8080";
  std::vector<std::string> only;
  CLI::App app("Measures a running vsim over HTTP, and its broker alone beside it.", "vsim-bench");
  app.add_option("--api", address, "HOST:PORT of the API")->envname("HTTP_ADDR");
  app.add_option("--nats-url", options.nats_url, "the broker")->envname("NATS_URL")->required();
  app.add_option("--database-url", options.database_url, "Postgres, for the floor")
      ->envname("DATABASE_URL")
      ->required();
  app.add_option("--nats-cli", options.nats_cli, "the nats program")->envname("VSIM_NATS_CLI");
  app.add_option("--profile", options.profile, "profile of the measured creates");
  app.add_option("--api-pid", options.api_pid, "for its memory")->check(decimal);
  app.add_option("--worker-pid", options.worker_pids, "for its memory; repeatable")->check(decimal);
  app.add_option("--servers", options.servers_more,
                 "read at so many servers too, after the usual 10000 (such as 100000)")
      ->check(decimal);
  app.add_option("--clients", options.clients, "of the writes; repeatable")
      ->check(decimal)
      ->check(CLI::Range(1, 1000));
  app.add_flag("--quick", options.quick, "short runs and 2000 servers: is it sane, not how fast");
  app.add_option("--only", only,
                 "sections: yardstick reads interference writes async memory rebuild; time, "
                 "door, live and warm run alone")
      ->check(CLI::IsMember({"yardstick", "reads", "interference", "writes", "async", "memory",
                             "rebuild", "time", "door", "live", "warm"}));
  try {
    app.parse(argc, argv);
    options.api = parse_address(address);
  } catch (const CLI::Error& error) {
    exit_status = app.exit(error);
    return std::nullopt;
  }
  options.only.insert(only.begin(), only.end());
  if (options.quick) {
    options.servers = 2'000;
  }
  return options;
}

}  // namespace vsim::bench
