#include "tests/harness/private_postgres.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <pwd.h>
#include <unistd.h>

#include "tests/harness/programs.h"

namespace harness {
namespace {

namespace fs = std::filesystem;

/// The folder of the newest installed version: 15 before 9.6, so by number.
std::string postgres_bin() {
  if (const char* chosen = std::getenv("VSIM_PG_BIN")) {
    return chosen;
  }
  fs::path newest;
  double newest_version = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const double version = std::atof(entry.path().filename().c_str());
    if (version > newest_version && fs::exists(entry.path() / "bin" / "initdb")) {
      newest_version = version;
      newest = entry.path() / "bin";
    }
  }
  if (newest.empty()) {
    throw std::runtime_error("no Postgres in /usr/lib/postgresql: install it or set VSIM_PG_BIN");
  }
  return newest.string();
}

/// As root the program runs as `postgres`, and dies with this thread all the same: the change of
/// user takes the parent-death signal away, so it is set again behind it.
ChildOptions as_postgres(std::vector<std::string> argv, const std::string& log_path) {
  if (::getuid() == 0) {
    std::vector<std::string> wrapped{"/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres",
                                     "--clear-groups", "--pdeathsig=QUIT"};
    wrapped.insert(wrapped.end(), argv.begin(), argv.end());
    argv = std::move(wrapped);
  }
  ChildOptions options;
  options.argv = std::move(argv);
  options.unset = {"PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGOPTIONS", "PGSERVICE"};
  options.log_path = log_path;
  options.working_directory = "/";  // one that user may stand in
  return options;
}

/// Kills each process whose working folder this is; false: there was none.
bool kill_those_in(const std::string& folder) {
  bool found = false;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    std::error_code gone;
    if (pid > 0 && fs::read_symlink(entry.path() / "cwd", gone) == folder && !gone) {
      found = ::kill(pid, SIGKILL) == 0 || found;
    }
  }
  return found;
}

std::string password_of(const std::string& role) { return "secret-of-" + role; }

void give_to_postgres(const std::string& path) {
  if (::getuid() == 0) {
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr || ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw std::runtime_error("cannot give " + path + " to the user postgres");
    }
  }
}

void run(std::vector<std::string> argv, const std::string& log_path,
         const std::string& input_path = "/dev/null") {
  ChildOptions options = as_postgres(argv, log_path);
  options.input_path = input_path;
  ChildProcess child = ChildProcess::spawn(options);
  const auto ending = child.wait(std::chrono::seconds(60));
  if (!ending || !ending->clean()) {
    throw std::runtime_error(argv.front() + " failed:\n" + tail_of(log_path));
  }
}

/// The folder of a cluster that was never started: initdb takes three times as long as a copy, so a
/// process runs it once.
const std::string& new_cluster() {
  static const ScratchDir scratch("vsim-cluster");
  static const std::string data = [] {
    give_to_postgres(scratch.path());
    run({postgres_bin() + "/initdb", "--pgdata=" + scratch.path() + "/data", "--auth=trust",
         "--no-sync", "--username=vsim", "--encoding=UTF8", "--no-locale"},
        scratch.path() + "/initdb.log");
    return scratch.path() + "/data";
  }();
  return data;
}

}  // namespace

PrivatePostgres::PrivatePostgres(const PostgresOptions& options)
    : scratch_("vsim-postgres"),
      bin_(postgres_bin()),
      data_((options.folder.empty() ? scratch_.path() : options.folder) + "/data"),
      log_path_(scratch_.path() + "/postgres.log") {
  give_to_postgres(scratch_.path());
  run({"/bin/cp", "-R", "--preserve=mode", new_cluster(), data_}, scratch_.path() + "/copy.log");
  // Tests come in as they like, the shipped roles by their passwords, as they do elsewhere.
  write_file(data_ + "/pg_hba.conf",
             "local all vsim trust\nlocal all all scram-sha-256\n"
             "hostssl all all 127.0.0.1/32 scram-sha-256\n");
  if (options.certificate) {
    take_certificate(*options.certificate);
  }
  start();
}

/// Postgres takes a key only from a file that is its user's alone.
void PrivatePostgres::take_certificate(const CertificatePair& certificate) {
  tls_ = true;
  port_ = free_port();
  for (const auto& [from, name] : {std::pair(certificate.certificate, "/server.crt"),
                                   std::pair(certificate.key, "/server.key")}) {
    write_file(data_ + name, read_file(from));
    fs::permissions(data_ + name, fs::perms::owner_read | fs::perms::owner_write);
    give_to_postgres(data_ + name);
  }
}

PrivatePostgres::~PrivatePostgres() {
  process_.signal(SIGQUIT);
  process_.wait(std::chrono::seconds(10));
}

PrivatePostgres& PrivatePostgres::shared() {
  static PrivatePostgres cluster;
  return cluster;
}

void PrivatePostgres::start() {
  std::error_code ignored;
  fs::remove(data_ + "/postmaster.pid", ignored);  // left by a power cut
  std::vector<std::string> argv{bin_ + "/postgres", "-D", data_, "-k", scratch_.path()};
  for (const std::string& setting :
       {"fsync=" + std::string(fsync_ ? "on" : "off"), std::string("shared_buffers=64MB"),
        "port=" + std::to_string(port_), "ssl=" + std::string(tls_ ? "on" : "off"),
        "listen_addresses=" + std::string(tls_ ? "127.0.0.1" : "")}) {
    argv.insert(argv.end(), {"-c", setting});
  }
  process_ = ChildProcess::spawn(as_postgres(argv, log_path_));
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  // The last line of its pid file says "ready" when it takes connections.
  while (read_file(data_ + "/postmaster.pid").find("\nready") == std::string::npos) {
    if (!process_.running() || std::chrono::steady_clock::now() > give_up) {
      throw std::runtime_error("postgres does not start:\n" + tail_of(log_path_));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void PrivatePostgres::kill() {
  process_.kill();
  // A stale pid file would be taken for a ready server; its sessions are gone a moment later.
  std::error_code ignored;
  fs::remove(data_ + "/postmaster.pid", ignored);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
}

void PrivatePostgres::lose_power() {
  process_.kill();
  while (kill_those_in(data_)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void PrivatePostgres::restart() {
  process_.signal(SIGQUIT);
  process_.wait(std::chrono::seconds(10));
  start();
}

void PrivatePostgres::restart_with_fsync(bool on) {
  fsync_ = on;
  restart();
}

std::string PrivatePostgres::create_database() {
  const std::string name = "test_" + std::to_string(++databases_);
  run({bin_ + "/createdb", "--host=" + scratch_.path(), "--port=" + std::to_string(port_),
       "--username=vsim", name},
      scratch_.path() + "/createdb.log");
  return url(name);
}

std::string PrivatePostgres::create_vsim_database() {
  create_database();
  const std::string name = "test_" + std::to_string(databases_);
  run_shipped_sql("postgres-roles.sql", name);
  run_shipped_sql("postgres-grants.sql", name);
  return name;
}

void PrivatePostgres::run_shipped_sql(const std::string& file, const std::string& database) const {
  std::string sql;
  for (const std::string role : {"worker", "api", "operator"}) {
    sql += "\\set " + role + "_password '" + password_of("vsim_" + role) + "'\n";
  }
  const std::string script = scratch_.path() + "/" + file;
  write_file(script, sql + read_file(source_dir() + "/ops/servers/" + file));
  run({bin_ + "/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--host=" + scratch_.path(),
       "--port=" + std::to_string(port_), "--username=vsim", database},
      scratch_.path() + "/psql.log", script);
}

std::string PrivatePostgres::url(const std::string& database) const {
  return "postgresql:///" + database + "?host=" + scratch_.path() +
         "&port=" + std::to_string(port_) + "&user=vsim";
}

std::string PrivatePostgres::url(const std::string& database, const std::string& role) const {
  return "postgresql://" + role + ":" + password_of(role) + "@/" + database +
         "?host=" + scratch_.path() + "&port=" + std::to_string(port_);
}

std::string PrivatePostgres::tls_url(const std::string& database, const std::string& role,
                                     const std::string& parameters) const {
  return "postgresql://" + role + ":" + password_of(role) + "@127.0.0.1:" + std::to_string(port_) +
         "/" + database + "?" + parameters;
}

}  // namespace harness
