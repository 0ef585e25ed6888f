#pragma once

// A program that a test runs as a child. The kernel kills it when the thread that started it ends
// (the parent-death signal goes by thread), so start children from the test's main thread.
// Threads: spawn and wait from one thread; pid() and signal() from any.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace harness {

struct ChildOptions {
  std::vector<std::string> argv;                   // argv[0]: path of the program
  std::map<std::string, std::string> environment;  // on top of the caller's
  std::vector<std::string> unset;                  // taken out of the caller's environment
  std::string log_path;                            // stdout and stderr are appended here
  std::string input_path = "/dev/null";            // what it reads as stdin
  std::string working_directory;                   // empty: the caller's
  std::vector<int> descriptors = {};               // of the caller; they become its 3, 4, ...
};

/// How a program ended.
struct Ending {
  int code = 0;    // of exit(), when no signal ended it
  int signal = 0;  // 0: it ended by itself
  bool clean() const { return code == 0 && signal == 0; }
};

class ChildProcess {
 public:
  ChildProcess() = default;
  /// Throws std::runtime_error when the program cannot be started.
  static ChildProcess spawn(const ChildOptions& options);
  ~ChildProcess();  // SIGKILL, unless it has ended
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);  // no effect after the program has ended

  /// Waits for its end; nothing when it still runs after `wait_max`.
  std::optional<Ending> wait(std::chrono::milliseconds wait_max);

  /// SIGTERM, then SIGKILL when it takes longer. A stopped process is continued first.
  Ending terminate(std::chrono::milliseconds wait_max = std::chrono::seconds(10));
  /// SIGKILL, and waits until it is gone.
  void kill();

  const std::string& log_path() const { return log_path_; }

 private:
  pid_t pid_ = -1;
  std::optional<Ending> ending_;
  std::string log_path_;
};

/// A finished program's output, both streams together.
struct Output {
  Ending ending;
  std::string text;
};

/// Runs to the end; throws when it takes longer than `wait_max`.
Output run_program(ChildOptions options,
                   std::chrono::milliseconds wait_max = std::chrono::seconds(60));

/// The last lines of a file; empty when there is none.
std::string tail_of(const std::string& path, std::size_t lines_max = 40);
std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);

}  // namespace harness
