#pragma once

// Faults of a Postgres that does not crash: its processes are frozen, or a transaction stays open;
// and URLs that lead to it through a gate (gate.h). Threads: one.

#include <cstdint>
#include <memory>
#include <string>

#include "tests/harness/private_postgres.h"

namespace harness {

/// Stops every process of a cluster (SIGSTOP); the destructor continues them.
class FrozenPostgres {
 public:
  explicit FrozenPostgres(PrivatePostgres& postgres);
  ~FrozenPostgres();
  FrozenPostgres(const FrozenPostgres&) = delete;
  FrozenPostgres& operator=(const FrozenPostgres&) = delete;

 private:
  PrivatePostgres& postgres_;
};

/// A transaction that has run these statements and stays open, with the locks it holds; the
/// destructor rolls it back.
class OpenTransaction {
 public:
  OpenTransaction(const std::string& url, const std::string& sql);
  ~OpenTransaction();
  OpenTransaction(const OpenTransaction&) = delete;
  OpenTransaction& operator=(const OpenTransaction&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The path of the Unix socket on which a cluster listens.
std::string socket_path(const PrivatePostgres& postgres);

/// `url`, which names a Unix socket, with a loopback port in its place.
std::string through_port(const std::string& url, std::uint16_t port);

}  // namespace harness
