#include "ops/process/api_client.h"

#include <memory>
#include <regex>

#include <fmt/format.h>
#include <httplib.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "domain/decimal.h"
#include "ops/process/certificate_files.h"

namespace vsim::process {
namespace {

tl::unexpected<std::string> failed(std::string why) { return tl::unexpected(std::move(why)); }

constexpr int connect_seconds_max = 5;
constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Names = std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)>;

std::string authority_of(const ApiAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return fmt::format("{}:{}", v6 ? "[" + address.host + "]" : address.host, address.port);
}

Certificate first_certificate(const std::string& file) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_file(file.c_str(), "r"), BIO_free);
  return {in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr, X509_free};
}

/// A host that the certificate is good for: this one, or else the first that it names.
std::string host_named_by(X509& certificate, const std::string& host) {
  if (X509_check_ip_asc(&certificate, host.c_str(), 0) == 1 ||
      X509_check_host(&certificate, host.data(), host.size(), 0, nullptr) == 1) {
    return host;
  }
  const Names names(static_cast<GENERAL_NAMES*>(
                        X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
                    GENERAL_NAMES_free);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) {
      continue;
    }
    std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                     static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    if (text.starts_with("*.")) {
      text.replace(0, 1, "any");
    }
    return text;
  }
  return host;
}

/// The library verifies names; the server is identified by the file alone, so the name is the
/// file's.
tl::expected<std::unique_ptr<httplib::ClientImpl>, std::string> tls_client(
    const ApiAddress& address) {
  if (address.certificate_file.empty()) {
    auto client = std::make_unique<httplib::SSLClient>(address.host, address.port);
    client->enable_server_certificate_verification(true);
    return client;
  }
  if (auto why = check_authorities(address.certificate_file)) {
    return failed("API_CERT_FILE: " + *why);
  }
  const Certificate own = first_certificate(address.certificate_file);
  if (!own) {
    return failed("API_CERT_FILE: " + address.certificate_file + " holds no certificate");
  }
  const auto name = host_named_by(*own, address.host);
  auto client = std::make_unique<httplib::SSLClient>(name, address.port);
  client->set_hostname_addr_map({{name, address.host}});
  client->set_ca_cert_path(address.certificate_file);
  client->enable_server_certificate_verification(true);
  // Any certificate in the file is trusted as it is, whoever has signed it.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(client->ssl_context()),
                       X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  return client;
}

tl::expected<std::unique_ptr<httplib::ClientImpl>, std::string> client_for(
    const ApiAddress& address) {
  if (address.tls) {
    return tls_client(address);
  }
  return std::make_unique<httplib::ClientImpl>(address.host, address.port);
}

/// cpp-httplib 0.18 has an error of its own for a certificate with another name, which 0.11 reports
/// as any certificate that is not trusted. D17
template <typename Error>
bool is_distrust(Error error) {
  if constexpr (requires { Error::SSLServerHostnameVerification; }) {
    if (error == Error::SSLServerHostnameVerification) {
      return true;
    }
  }
  return error == Error::SSLServerVerification;
}

std::string distrust(const ApiAddress& address) {
  if (address.certificate_file.empty()) {
    return fmt::format(
        "no authority that the system trusts vouches for what answers at {}; name its "
        "certificate with API_CERT_FILE",
        url_of(address));
  }
  return fmt::format(
      "what answers at {} has another certificate than {}; if that was renewed, send the API "
      "SIGHUP",
      url_of(address), address.certificate_file);
}

std::string in_words(const ApiAddress& address, httplib::Error error) {
  if (is_distrust(error)) {
    return distrust(address);
  }
  switch (error) {
    case httplib::Error::Connection:
    case httplib::Error::ConnectionTimeout:
      return fmt::format("the API does not answer at {}; ops/up starts what has ended",
                         url_of(address));
    case httplib::Error::SSLConnection:
      return fmt::format("what answers at {} does not speak TLS as it should", url_of(address));
    default:
      return fmt::format("the API at {} gave no whole answer ({}); does it speak {}?",
                         url_of(address), httplib::to_string(error), address.tls ? "TLS" : "HTTP");
  }
}

}  // namespace

std::string url_of(const ApiAddress& address) {
  return (address.tls ? "https://" : "http://") + authority_of(address);
}

tl::expected<ApiAddress, std::string> read_api_url(const std::string& url) {
  static const std::regex form(R"(^(https?)://(\[([0-9A-Fa-f:.]+)\]|[A-Za-z0-9._-]+)(:(\d+))?/?$)");
  std::smatch part;
  const auto wrong = failed("\"" + url + "\" is no API's URL; write it like http://127.0.0.1:8080");
  if (!std::regex_match(url, part, form)) {
    return wrong;
  }
  ApiAddress address;
  address.tls = part[1] == "https";
  address.host = part[3].matched ? part[3].str() : part[2].str();
  address.port = address.tls ? https_port : http_port;
  if (part[5].matched) {
    const auto port = read_decimal(part[5].str());
    if (!port || *port == 0 || *port > 65535) {
      return wrong;
    }
    address.port = static_cast<std::uint16_t>(*port);
  }
  return address;
}

tl::expected<ApiAnswer, std::string> call_api(const ApiAddress& address, const std::string& key,
                                              const ApiRequest& request) {
  auto client = client_for(address);
  if (!client) {
    return failed(client.error());
  }
  (*client)->set_connection_timeout(connect_seconds_max);
  (*client)->set_read_timeout(request.answer_within);
  (*client)->set_url_encode(false);
  httplib::Request sent;
  sent.method = request.method;
  sent.path = request.target;
  sent.body = request.body;
  sent.headers.emplace("Host", authority_of(address));
  if (!request.body.empty()) {
    sent.headers.emplace("Content-Type", "application/json");
  }
  if (!key.empty()) {
    sent.headers.emplace("Authorization", "Bearer " + key);
  }
  const auto answer = (*client)->send(sent);
  if (!answer) {
    return failed(in_words(address, answer.error()));
  }
  return ApiAnswer{answer->status, answer->body};
}

}  // namespace vsim::process
