#pragma once

// Certificates of an authority that exists for one test: what a company's own would give out, made
// in milliseconds and trusted by nobody else.

#include <memory>
#include <string>
#include <vector>

namespace harness {

/// Files in PEM.
struct CertificatePair {
  std::string certificate;
  std::string key;
};

class Authority {
 public:
  /// Its files lie in the folder, under names that begin with `name`.
  Authority(std::string folder, std::string name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  /// Its own certificate: what those have who trust it.
  const std::string& file() const { return file_; }

  /// Makes a certificate whose common name is `name`, for these hosts: names or IPv4 addresses.
  /// Valid for a day. Files of that name are written anew.
  CertificatePair issue(const std::string& name,
                        const std::vector<std::string>& hosts = {"127.0.0.1", "localhost"}) const;

 private:
  struct Keys;
  std::string folder_;
  std::string name_;
  std::string file_;
  std::unique_ptr<Keys> keys_;
};

}  // namespace harness
