#pragma once

// Inside: the lifecycle's table.

#include <array>
#include <string>

#include "domain/status.h"

namespace vsim {

// The lifecycle as data: from which states a command may start its transition.
using States = std::array<bool, status_count>;
struct Rule {
  Transition transition;
  States from;
};
// clang-format off
//                                  PENDING RUNNING STOPPING STOPPED REBOOTING TERMIN-ING TERMIN-ED FAILED
inline constexpr Rule start_rule =     {Transition::start,
                                 {false,  false,  false,   true,   false,    false,     false,    true}};
inline constexpr Rule stop_rule =      {Transition::stop,
                                 {false,  true,   false,   false,  false,    false,     false,    false}};
inline constexpr Rule reboot_rule =    {Transition::reboot,
                                 {false,  true,   false,   false,  false,    false,     false,    false}};
inline constexpr Rule terminate_rule = {Transition::terminate,
                                 {true,   true,   true,    true,   true,     false,     false,    true}};
inline constexpr Rule force_rule =     {Transition::terminate,
                                 {true,   true,   true,    true,   true,     true,      false,    true}};
// clang-format on

inline std::string names_of(const States& states) {
  std::string text;
  for (std::size_t i = 0; i < status_count; ++i) {
    if (!states[i]) {
      continue;
    }
    if (!text.empty()) {
      text += ", ";
    }
    text += to_string(static_cast<Status>(i));
  }
  return text;
}

}  // namespace vsim
