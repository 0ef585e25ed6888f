#include "domain/transition_way.h"

namespace vsim {

Way way_of(const Draw& draw, const Terms& terms, Transition transition, Instant now,
           const Region& region, const KnownIncident* incident) {
  auto course = draw.course(terms.courses[static_cast<std::size_t>(transition)]);
  auto delay = draw.delay(course.delay);
  if (incident != nullptr) {
    delay = slowed(delay, incident->incident);
    if (may_end(transition, Ending::failed) && course.ending == Ending::usual &&
        draw.befalls(incident->incident.failure_rate)) {
      course = course_failed_by(region, incident->incident);
    }
  }
  switch (course.ending) {
    case Ending::usual:
      return {.end = {now + delay}, .at_once = delay.count() == 0};
    case Ending::failed:
      return {.end = {now + delay, Failure{course.code, course.detail}}};
    case Ending::terminated:
      return {.end = {now + delay, Failure{course.code, course.detail}, Status::terminated}};
    case Ending::stuck:
      break;
  }
  return {.end = {std::nullopt}};
}

}  // namespace vsim
