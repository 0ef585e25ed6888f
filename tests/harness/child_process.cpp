#include "tests/harness/child_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/scratch_dir.h"

extern char** environ;

namespace harness {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string> environment_of(const ChildOptions& options) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    const bool dropped =
        options.environment.count(name) > 0 ||
        std::find(options.unset.begin(), options.unset.end(), name) != options.unset.end();
    if (!dropped) {
      entries.push_back(text);
    }
  }
  for (const auto& [name, value] : options.environment) {
    entries.push_back(name + "=" + value);
  }
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

int open_or_throw(const std::string& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (file < 0) {
    throw std::runtime_error(fmt::format("open {}: {}", path, std::strerror(errno)));
  }
  return file;
}

/// Copies above all that a child is given, so that none is overwritten while they are put in place.
std::vector<int> copies_out_of_the_way(const std::vector<int>& descriptors) {
  constexpr int first_copy = 64;
  std::vector<int> copies;
  for (const int descriptor : descriptors) {
    copies.push_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, first_copy));
  }
  return copies;
}

/// Between fork and exec: only calls that are safe after fork in a threaded program.
[[noreturn]] void become(char** argv, char** envp, int input, int log,
                         const std::vector<int>& descriptors, const char* directory, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(126);  // the parent died before the line above
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpgid(0, 0);
  ::dup2(input, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  int next = STDERR_FILENO + 1;
  for (const int descriptor : descriptors) {
    ::dup2(descriptor, next++);
  }
  if (*directory != '\0' && ::chdir(directory) != 0) {
    ::_exit(126);
  }
  ::execve(argv[0], argv, envp);
  static constexpr char message[] = "harness: this program cannot be executed\n";
  const ssize_t ignored = ::write(STDERR_FILENO, message, sizeof message - 1);
  static_cast<void>(ignored);
  ::_exit(127);
}

}  // namespace

ChildProcess ChildProcess::spawn(const ChildOptions& options) {
  std::vector<std::string> arguments = options.argv;
  std::vector<std::string> environment = environment_of(options);
  const std::vector<char*> argv = pointers_to(arguments);
  const std::vector<char*> envp = pointers_to(environment);
  const std::string log_path = options.log_path.empty() ? "/dev/null" : options.log_path;
  const int input = open_or_throw(options.input_path, O_RDONLY);
  const int log = open_or_throw(log_path, O_WRONLY | O_CREAT | O_APPEND);
  const std::vector<int> descriptors = copies_out_of_the_way(options.descriptors);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become(const_cast<char**>(argv.data()), const_cast<char**>(envp.data()), input, log,
           descriptors, options.working_directory.c_str(), parent);
  }
  ::close(input);
  ::close(log);
  for (const int descriptor : descriptors) {
    ::close(descriptor);
  }
  if (pid < 0) {
    throw std::runtime_error(fmt::format("fork: {}", std::strerror(errno)));
  }
  ChildProcess child;
  child.pid_ = pid;
  child.log_path_ = options.log_path;
  return child;
}

ChildProcess::~ChildProcess() { kill(); }

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      ending_(std::exchange(other.ending_, std::nullopt)),
      log_path_(std::move(other.log_path_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
    ending_ = std::exchange(other.ending_, std::nullopt);
    log_path_ = std::move(other.log_path_);
  }
  return *this;
}

bool ChildProcess::running() { return pid_ > 0 && !wait(std::chrono::milliseconds(0)); }

void ChildProcess::signal(int number) {
  if (pid_ > 0 && !ending_) {
    ::kill(pid_, number);
  }
}

std::optional<Ending> ChildProcess::wait(std::chrono::milliseconds wait_max) {
  const auto give_up = Clock::now() + wait_max;
  while (pid_ > 0 && !ending_) {
    int status = 0;
    const pid_t got = ::waitpid(pid_, &status, WNOHANG);
    if (got == pid_) {
      ending_ = Ending{WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                       WIFSIGNALED(status) ? WTERMSIG(status) : 0};
    } else if (got < 0) {
      ending_ = Ending{-1, 0};  // somebody else collected it
    } else if (Clock::now() >= give_up) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  return ending_;
}

Ending ChildProcess::terminate(std::chrono::milliseconds wait_max) {
  signal(SIGTERM);
  signal(SIGCONT);
  if (!wait(wait_max)) {
    kill();
  }
  return ending_.value_or(Ending{});
}

void ChildProcess::kill() {
  signal(SIGKILL);
  wait(std::chrono::seconds(30));
}

Output run_program(ChildOptions options, std::chrono::milliseconds wait_max) {
  const ScratchDir scratch("vsim-run");
  if (options.log_path.empty()) {
    options.log_path = scratch.path() + "/output";
  }
  ChildProcess child = ChildProcess::spawn(options);
  const std::optional<Ending> ending = child.wait(wait_max);
  Output output{ending.value_or(Ending{}), read_file(options.log_path)};
  if (!ending) {
    throw std::runtime_error(fmt::format("{} ran longer than {} ms:\n{}", options.argv.front(),
                                         wait_max.count(), output.text));
  }
  return output;
}

std::string tail_of(const std::string& path, std::size_t lines_max) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  std::string tail;
  const std::size_t first = lines.size() > lines_max ? lines.size() - lines_max : 0;
  for (std::size_t i = first; i < lines.size(); ++i) {
    tail += "    " + lines[i] + "\n";
  }
  return tail;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  if (!file.flush()) {
    throw std::runtime_error(fmt::format("write {}: {}", path, std::strerror(errno)));
  }
}

}  // namespace harness
