#include "ops/telemetry/log.h"

#include <atomic>
#include <chrono>
#include <cstdio>

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include "ops/telemetry/json_text.h"

namespace vsim::log {
namespace {

/// Set once by set_up(), before other threads exist; only read afterwards.
struct Setup {
  std::string program;
  Format format = Format::text;
  std::shared_ptr<spdlog::logger> logger;
};

Setup& setup() {
  static Setup current;
  return current;
}

std::atomic<Level> least_level{Level::warn};

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string time_now() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(
                          now - std::chrono::system_clock::from_time_t(seconds))
                          .count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(millis));
  return text;
}

/// Control characters would break the line, and quotes the field.
std::string text_value(std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
  bool printable = true;
  for (const char c : value) {
    printable = printable && static_cast<unsigned char>(c) >= 0x20;
  }
  if (plain && printable) {
    return std::string(value);
  }
  std::string text;
  telemetry::append_json_string(text, value);
  return text;
}

std::string one_line(std::string_view message) {
  std::string line(message);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) {
      c = ' ';
    }
  }
  return line;
}

}  // namespace

Field::Field(std::string_view name, double value) : name_(name), literal_(true) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  own_ = text;
  if (own_.find_first_not_of("0123456789.e+-") != std::string::npos) {
    literal_ = false;  // nan, inf
  }
}

std::string format_line(Format format, std::string_view program, Level level,
                        std::string_view message, Fields fields, std::string_view time) {
  if (format == Format::text) {
    std::string line = one_line(message);
    for (const Field& field : fields) {
      line += "  ";
      line += field.name();
      line += '=';
      line += text_value(field.text());
    }
    return line;
  }
  std::string line = "{\"time\":\"";
  line.append(time).append("\",\"level\":\"").append(name_of(level)).append("\",\"program\":");
  telemetry::append_json_string(line, program);
  line += ",\"message\":";
  telemetry::append_json_string(line, message);
  for (const Field& field : fields) {
    line += ',';
    telemetry::append_json_string(line, field.name());
    line += ':';
    if (field.literal()) {
      line += field.text();
    } else {
      telemetry::append_json_string(line, field.text());
    }
  }
  return line + "}";
}

void set_up(std::string program, Level level, Format format) {
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>(program, std::move(sink));
  logger->set_pattern(format == Format::text ? "%H:%M:%S.%e %^%-5l%$ %v" : "%v");
  logger->set_level(spdlog_level(level));
  logger->flush_on(spdlog::level::info);
  setup() = {std::move(program), format, std::move(logger)};
  least_level = level;
}

bool enabled(Level level) { return level >= least_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) {
    return;
  }
  const Setup& current = setup();
  const bool json = current.format == Format::json;
  const std::string line = format_line(current.format, current.program, level, message, fields,
                                       json ? time_now() : std::string());
  if (current.logger) {
    current.logger->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

}  // namespace vsim::log
