"""What schemathesis is told beyond the document: values that it cannot guess, and verdicts that are
taken back, one case each with its reason. Everything else that it finds is a fault of the API or of
schema/http/openapi.json."""

import ipaddress
import itertools
import json
import os
import re

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

# The coverage phase of schemathesis 4.32 sends 0 for a header whose schema has a pattern, and takes
# that for valid. In its place goes what the document gives as example. D35
EXAMPLES_OF_HEADERS = {
    "Vsim-Min-Sequence": "EVENTS:4",
    "If-Match": '"2"',
    "If-None-Match": '"1"',
}

# Cases of that phase share one key, of which only the first would be carried out.
KEY_OF_COVERAGE = "0"
fresh_numbers = itertools.count()

# A read that is to wait for an event far ahead waits for ten seconds and is answered 503, which is
# tested elsewhere; here it would take all the time there is.
TOKEN = re.compile(r"(EVENTS|COMMANDS):(0|[1-9][0-9]*)")
SEQUENCE_MAX = 9

# Servers that are there. A random id names none, and at a random time there was none.
SERVERS = itertools.cycle(os.environ["VSIM_CONTRACT_SERVERS"].split(","))
turns = itertools.count()

# A request that fits the document may be refused for what there is, or is not, at that moment.
# (404 and 409 schemathesis allows by itself.)
CODES_OF_THE_MOMENT = {
    "unknown_region",
    "unknown_type",
    "unknown_profile",
    "idempotency_mismatch",  # a key that an earlier case has used
    "precondition_failed",   # If-Match with a version that the server is not at
    "lease_too_long",        # than the setting LEASE_MAX lets it be
}

# Rules between two values, or between a value and the clock: JSON Schema cannot say them. The
# document tells them in words, and each is refused with such a sentence.
RULES_BEYOND_SCHEMA = (
    "cursor and offset are both given",
    "after, since and from are different beginnings",
    "the log ends with event",  # GET /events: how far it has come depends on the time
    "which has not come yet",  # ?at=
    "from is after to",
    "the bill has more than",  # items; how many there are depends on the data
    '"first" must not be above "last"',
    "addresses at most (a /12)",
    "no server can have an address of",  # 127.0.0.0/8 and its like, as the document lists them
    "simulated time ends with the year 8999",
    ']: "route" "',  # is not known here: PUT /faults names those that there are
    '"route" must not be ',
    "must not be after the year 8999",
    'give either "until" or "for_seconds"',
    '"replenish_below" must not be above "target"',
    "do not run after their create",  # servers of that profile, in a warm pool
    # Numbers are held in 64 bits (RFC 7493, 2.2, warns of others).
    "Problem while parsing a number",
    # Schemathesis follows a link whose value was null and writes Python's word for it.
    '"None" is no UUID',
    "the path's id is no UUID; give an operation's id",
)


def small_network(cidr):
    """The network of at most 256 addresses that the address lies in: random ones have address bits
    beyond the prefix, and a million addresses a case would be all that the test does."""
    try:
        network = ipaddress.IPv4Network(cidr, strict=False)
    except ValueError:
        return cidr
    if network.prefixlen < 12:  # too large: to be refused
        return cidr
    return f"{network.network_address}/{max(network.prefixlen, 24)}"


def is_valid(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


OUTAGES = [{"running": effect} for effect in ("untouched", "impaired", "stopped")]


# Servers that were acquired from a warm pool, to be released once each.
ASSIGNED = iter(os.environ["VSIM_CONTRACT_ASSIGNED"].split(","))
POOL_TARGET_MAX = 5


def make_pool_modest(case):
    """A pool of thousands would be all that the test makes, and one whose servers come slowly would
    have none that is ready."""
    if case.method == "PUT" and isinstance(case.body, dict):
        for name in ("target", "replenish_below"):
            if isinstance(case.body.get(name), int) and case.body[name] > POOL_TARGET_MAX:
                case.body[name] %= POOL_TARGET_MAX


def sets_outage(case):
    is_set = case.method == "PUT" and case.operation.path == "/regions/{region}/incident"
    return is_set and isinstance(case.body, dict) and case.body.get("outage") in OUTAGES


def is_valid_and_about_server(case):
    is_about = case.method in ("GET", "DELETE") and case.operation.path == "/servers/{id}"
    return is_about and is_valid(case)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.operation.path == "/events":  # as a page: a stream has no end
        case.headers["Accept"] = "application/json"
    if is_valid_and_about_server(case) and next(turns) % 2 == 0:
        case.path_parameters["id"] = next(SERVERS)
        case.query.pop("at", None)
    if "{id}" in case.operation.path and is_valid(case) and case.query:
        case.query.pop("account", None)  # what is of another is not there: 404
    for name, example in EXAMPLES_OF_HEADERS.items():
        if case.headers and case.headers.get(name) == "0":
            case.headers[name] = example
    if case.headers and case.headers.get("Idempotency-Key") == KEY_OF_COVERAGE:
        case.headers["Idempotency-Key"] = f"coverage-{next(fresh_numbers)}"
    if sets_outage(case):
        # Meanwhile creates would be refused with 503, which is tested elsewhere.
        del case.body["outage"]
        case.body["delay_factor"] = case.body.get("delay_factor") or 2
    if case.operation.path.startswith("/warm-pools/{name}") and is_valid(case):
        make_pool_modest(case)
    if case.operation.path == "/servers/{id}/release" and is_valid(case):
        case.path_parameters["id"] = next(ASSIGNED, case.path_parameters["id"])
        case.headers.pop("If-Match", None)
    preference = (case.headers or {}).get("Prefer") or ""
    if case.operation.path.endswith("/acquire") and "wait" in preference:
        case.headers["Prefer"] = "respond-async"  # not so long for a server that never comes
    token = TOKEN.fullmatch((case.headers or {}).get("Vsim-Min-Sequence") or "")
    if token and int(token[2]) > SEQUENCE_MAX:
        case.headers["Vsim-Min-Sequence"] = f"{token[1]}:{int(token[2]) % SEQUENCE_MAX}"
    if isinstance(case.body, dict) and isinstance(case.body.get("cidr"), str):
        case.body["cidr"] = small_network(case.body["cidr"])
    if isinstance(case.body, dict) and isinstance(case.body.get("rules"), list):
        make_harmless(case.body["rules"])


# Rules for a key that nobody has: the other requests go on as if there were none. Of routes only
# an API knows which there are.
FAULT_ROUTES = itertools.cycle(["POST /servers", "GET /servers/{id}", "GET /types"])


def make_harmless(rules):
    for rule in rules:
        if isinstance(rule, dict):
            if rule.get("key") is None:
                rule["key"] = "nobody"
            if isinstance(rule.get("route"), str) and rule["route"].startswith("GET /"):
                rule["route"] = next(FAULT_ROUTES)


def problem_of(response):
    try:
        problem = json.loads(response.content)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = problem_of(response)
    if problem.get("code") in CODES_OF_THE_MOMENT:
        return False
    detail = problem.get("detail", "")
    return not any(sentence in detail for sentence in RULES_BEYOND_SCHEMA)
