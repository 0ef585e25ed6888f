#pragma once

// A certificate authority that exists for one test, and the certificates that it issues.

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
  /// Writes its files to `folder`, under names that begin with `name`.
  Authority(std::string folder, std::string name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  /// The authority's own certificate, which clients and servers that trust it are given.
  const std::string& file() const { return file_; }

  /// Makes a certificate whose common name is `name`, for these hosts: names or IPv4 addresses.
  /// Valid for a day. Overwrites files of that name.
  CertificatePair issue(const std::string& name,
                        const std::vector<std::string>& hosts = {"127.0.0.1", "localhost"}) const;

  /// The same, for a certificate that has expired a minute ago.
  CertificatePair issue_expired(const std::string& name) const;

 private:
  struct Keys;
  CertificatePair issue(const std::string& name, const std::vector<std::string>& hosts,
                        long valid_seconds) const;
  std::string folder_;
  std::string name_;
  std::string file_;
  std::unique_ptr<Keys> keys_;
};

}  // namespace harness
