#pragma once

// The parts of a lifecycle profile as they stand in profiles and in events: delays, the courses of
// transitions, risks, billing.

#include <string_view>
#include <vector>

#include "domain/lifecycle_profile.h"
#include "schema/messages/json_writer.h"

namespace vsim::messages {

class Fields;

/// {"fixed_ms":n}, {"uniform_ms":[n,n]}, {"median_ms":n,"sigma":x,"longest_ms":n} or
/// {"mean_ms":n,"longest_ms":n}.
void write_delay(JsonWriter& json, const Delay& delay);
Delay read_delay(const Fields& fields);

/// By transition: a delay alone where there is one course and it ends as usual; else an array of
/// {"weight":n, a delay, "ends"?:"FAILED", "code"?, "detail"?}.
void write_courses(JsonWriter& json, const AllCourses& courses);
AllCourses read_courses(const Fields& fields);
/// One element of the array.
Course read_course(const Fields& fields);

/// {"host_failure":{"after":a delay,"ends":"FAILED"}, "impairment":{"after","lasting"},
/// "interruption":{"after"}}, each of them or not.
void write_risks(JsonWriter& json, const std::vector<Risk>& risks);
std::vector<Risk> read_risks(const Fields& fields);
Risk read_risk(Hazard hazard, const Fields& fields);

void write_billing(JsonWriter& json, const BillingPolicy& policy);
BillingPolicy read_billing(const Fields& fields);

}  // namespace vsim::messages
