#include "tests/harness/postgres_faults.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <pqxx/pqxx>

namespace harness {
namespace {

/// The server first, so that it starts no process meanwhile.
void signal_all(ChildProcess& server, int signal) {
  server.signal(signal);
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    const std::string stat = pid > 0 ? read_file(entry.path().string() + "/stat") : "";
    const std::size_t name_end = stat.rfind(')');  // "PID (NAME) STATE PARENT ..."
    if (name_end != std::string::npos && std::atoi(stat.c_str() + name_end + 4) == server.pid()) {
      ::kill(pid, signal);
    }
  }
}

/// The value of "NAME=" in the URL's parameters.
std::string parameter(const std::string& url, const std::string& name) {
  const auto at = url.find(name + "=", url.find('?'));
  if (at == std::string::npos) {
    throw std::runtime_error("no " + name + " in " + url);
  }
  const auto from = at + name.size() + 1;
  return url.substr(from, url.find('&', from) - from);
}

}  // namespace

FrozenPostgres::FrozenPostgres(PrivatePostgres& postgres) : postgres_(postgres) {
  signal_all(postgres_.process(), SIGSTOP);
}
FrozenPostgres::~FrozenPostgres() { signal_all(postgres_.process(), SIGCONT); }

struct OpenTransaction::Impl {
  explicit Impl(const std::string& url) : connection(url), work(connection) {}
  pqxx::connection connection;
  pqxx::work work;
};

OpenTransaction::OpenTransaction(const std::string& url, const std::string& sql)
    : impl_(std::make_unique<Impl>(url)) {
  impl_->work.exec(sql);
}

OpenTransaction::~OpenTransaction() = default;

std::string socket_path(const PrivatePostgres& postgres) {
  const std::string url = postgres.url();
  return parameter(url, "host") + "/.s.PGSQL." + parameter(url, "port");
}

std::string through_port(const std::string& url, std::uint16_t port) {
  // "postgresql://user:password@/database?host=FOLDER&port=PORT"
  const auto host = url.find("@/") + 1;
  const auto parameters = url.find('?');
  return url.substr(0, host) + "127.0.0.1:" + std::to_string(port) +
         url.substr(host, parameters - host);
}

}  // namespace harness
