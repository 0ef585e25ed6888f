#pragma once

// A request that botocore 1.43 has signed in its query (SigV4QueryAuth), at 2026-11-25T21:34:50Z
// for ten minutes, with the key VSIAEXAMPLEEXAMPLE22; the secret is ec2_signature_test.cpp's.

#include "api/ec2/signature.h"

namespace vsim::ec2 {

inline SentRequest signed_in_query() {
  return {.method = "GET",
          .path = "/",
          .query =
              "Action=DescribeRegions&Version=2016-11-15&Filter.1.Value.1=a%20b%2A"
              "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=VSIAEXAMPLEEXAMPLE22"
              "%2F20261125%2Fus-east-1%2Fec2%2Faws4_request&X-Amz-Date=20261125T213450Z"
              "&X-Amz-Expires=600&X-Amz-SignedHeaders=host&X-Amz-Signature="
              "4d2ec9827b3c7f81f971b4a37ed6acd1b07b8d3afe71a80f912564bd69762b3f",
          .headers = {{"Host", "127.0.0.1:8080"}},
          .body = ""};
}

}  // namespace vsim::ec2
