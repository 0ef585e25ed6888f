#include "tests/harness/certificates.h"

#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

namespace harness {
namespace {

constexpr long day_seconds = 24 * 3600;
constexpr long a_minute_ago = -60;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

template <typename Write>
void write_pem(const std::string& path, Write&& write) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
  if (!file || write(file.get()) != 1) {
    throw std::runtime_error("cannot write " + path);
  }
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) {
    throw std::runtime_error("no such extension of a certificate: " + value);
  }
}

/// Not signed yet. Without an issuer it is its own.
Certificate make_certificate(const std::string& name, EVP_PKEY* key, X509* issuer,
                             long valid_seconds = day_seconds) {
  Certificate made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), std::random_device{}());
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), valid_seconds);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer != nullptr ? issuer : made.get()));
  X509_set_pubkey(made.get(), key);
  return made;
}

std::string alternative_names(const std::vector<std::string>& hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    in_addr ignored{};
    const bool address = inet_pton(AF_INET, host.c_str(), &ignored) == 1;
    names += (names.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + host;
  }
  return names;
}

}  // namespace

struct Authority::Keys {
  Key key = make_key();
  Certificate certificate{nullptr, X509_free};
};

Authority::Authority(std::string folder, std::string name)
    : folder_(std::move(folder)),
      name_(std::move(name)),
      file_(folder_ + "/" + name_ + ".pem"),
      keys_(std::make_unique<Keys>()) {
  keys_->certificate = make_certificate(name_, keys_->key.get(), nullptr);
  X509* own = keys_->certificate.get();
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(own, own, NID_subject_key_identifier, "hash");
  X509_sign(own, keys_->key.get(), EVP_sha256());
  write_pem(file_, [&](FILE* file) { return PEM_write_X509(file, own); });
}

Authority::~Authority() = default;

CertificatePair Authority::issue(const std::string& name,
                                 const std::vector<std::string>& hosts) const {
  return issue(name, hosts, day_seconds);
}

CertificatePair Authority::issue_expired(const std::string& name) const {
  return issue(name, {"127.0.0.1", "localhost"}, a_minute_ago);
}

CertificatePair Authority::issue(const std::string& name, const std::vector<std::string>& hosts,
                                 long valid_seconds) const {
  const Key key = make_key();
  X509* issuer = keys_->certificate.get();
  const Certificate made = make_certificate(name, key.get(), issuer, valid_seconds);
  add_extension(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(made.get(), issuer, NID_subject_alt_name, alternative_names(hosts));
  X509_sign(made.get(), keys_->key.get(), EVP_sha256());
  const std::string base = fmt::format("{}/{}-{}", folder_, name_, name);
  write_pem(base + ".pem", [&](FILE* file) { return PEM_write_X509(file, made.get()); });
  write_pem(base + ".key", [&](FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  ::chmod((base + ".key").c_str(), 0600);
  return {base + ".pem", base + ".key"};
}

}  // namespace harness
