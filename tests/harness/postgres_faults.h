#pragma once

// What can befall a Postgres that stays alive: it is frozen, or somebody's transaction stays open;
// and the ways to it that a door can stand in. Threads: one.

#include <cstdint>
#include <memory>
#include <string>

#include "tests/harness/private_postgres.h"

namespace harness {

/// Every process of a cluster stopped where it stands (SIGSTOP); they go on at its end.
class FrozenPostgres {
 public:
  explicit FrozenPostgres(PrivatePostgres& postgres);
  ~FrozenPostgres();
  FrozenPostgres(const FrozenPostgres&) = delete;
  FrozenPostgres& operator=(const FrozenPostgres&) = delete;

 private:
  PrivatePostgres& postgres_;
};

/// A transaction that somebody has left open after these statements, with the locks it holds;
/// rolled back at the end.
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

/// Where a cluster listens, in a file.
std::string socket_path(const PrivatePostgres& postgres);

/// `url`, which leads to a Unix socket, by way of a port of loopback.
std::string through_port(const std::string& url, std::uint16_t port);

}  // namespace harness
