// Apache Thrift for C++ as a peer: a server which answers itself or passes every call on with Apache's client.
//
//   peer --protocol binary|compact --transport buffered|framed [--unix PATH] [--tls FOLDER] [--upstream PORT | --upstream-unix PATH]

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/server/TThreadedServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSSLServerSocket.h>
#include <thrift/transport/TSSLSocket.h>
#include <thrift/transport/TServerSocket.h>
#include <thrift/transport/TSocket.h>

#include "Everything.h"

using namespace apache::thrift;
using namespace interop;
using std::make_shared;
using std::shared_ptr;
using std::string;

static std::map<string, string> options;

static bool has(const string& name) { return options.count(name) > 0; }

static shared_ptr<protocol::TProtocolFactory> protocols() {
  if (options["protocol"] == "compact") return make_shared<protocol::TCompactProtocolFactory>();
  return make_shared<protocol::TBinaryProtocolFactory>();
}

static shared_ptr<transport::TTransportFactory> transports() {
  if (options["transport"] == "framed") return make_shared<transport::TFramedTransportFactory>();
  return make_shared<transport::TBufferedTransportFactory>();
}

static shared_ptr<transport::TSSLSocketFactory> tls() {
  auto factory = make_shared<transport::TSSLSocketFactory>();
  factory->loadTrustedCertificates((options["tls"] + "/ca.pem").c_str());
  return factory;
}

// Answers by itself.
class Local : public EverythingIf {
  std::mutex mutex;
  string last;

 public:
  void nothing() override {}
  void echoString(string& out, const string& value) override { out = value; }
  bool echoBool(const bool value) override { return value; }
  int8_t echoByte(const int8_t value) override { return value; }
  int16_t echoShort(const int16_t value) override { return value; }
  int32_t echoInt(const int32_t value) override { return value; }
  int64_t echoLong(const int64_t value) override { return value; }
  double echoDouble(const double value) override { return value; }
  void echoBinary(string& out, const string& value) override { out = value; }
  Colour::type echoColour(const Colour::type value) override { return value; }
  void echoScalars(Scalars& out, const Scalars& value) override { out = value; }
  void echoContainers(Containers& out, const Containers& value) override { out = value; }
  void echoChoice(Choice& out, const Choice& value) override { out = value; }
  void echoPresence(Presence& out, const Presence& value) override { out = value; }
  void join(string& out, const int8_t a, const int32_t b, const int64_t c, const string& d,
            const std::vector<string>& e) override {
    std::ostringstream text;
    text << static_cast<int>(a) << ',' << b << ',' << c << ',' << d;
    for (const auto& one : e) text << ',' << one;
    out = text.str();
  }
  void risk(string& out, const string& kind) override {
    if (kind == "bug") throw std::runtime_error("secret");
    if (kind == "busy") {
      Busy busy;
      busy.retryMs = 1LL << 40;
      busy.detail.text = "later";
      busy.detail.colour = Colour::RED;
      throw busy;
    }
    dare(kind);
    out = kind;
  }
  void dare(const string& kind) override {
    if (kind != "refused") return;
    Refused refused;
    refused.code = 7;
    refused.reason = "no";
    throw refused;
  }
  void note(const string& text) override {
    std::lock_guard<std::mutex> lock(mutex);
    last = text;
  }
  void noted(string& out) override {
    std::lock_guard<std::mutex> lock(mutex);
    out = last;
  }
  int32_t sleep(const int32_t milliseconds) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return milliseconds;
  }
};

// Passes calls on, each over a connection of its own.
class Relay : public EverythingIf {
  template <class Call>
  auto onward(Call call) {
    shared_ptr<transport::TSocket> socket;
    if (has("upstream-unix")) socket = make_shared<transport::TSocket>(options["upstream-unix"]);
    else if (has("tls")) socket = tls()->createSocket("localhost", std::stoi(options["upstream"]));
    else socket = make_shared<transport::TSocket>("127.0.0.1", std::stoi(options["upstream"]));
    auto stream = transports()->getTransport(socket);
    stream->open();
    EverythingClient client(protocols()->getProtocol(stream));
    return call(client);
  }

 public:
  void nothing() override { onward([](auto& to) { to.nothing(); }); }
  void echoString(string& out, const string& value) override { onward([&](auto& to) { to.echoString(out, value); }); }
  bool echoBool(const bool value) override { return onward([&](auto& to) { return to.echoBool(value); }); }
  int8_t echoByte(const int8_t value) override { return onward([&](auto& to) { return to.echoByte(value); }); }
  int16_t echoShort(const int16_t value) override { return onward([&](auto& to) { return to.echoShort(value); }); }
  int32_t echoInt(const int32_t value) override { return onward([&](auto& to) { return to.echoInt(value); }); }
  int64_t echoLong(const int64_t value) override { return onward([&](auto& to) { return to.echoLong(value); }); }
  double echoDouble(const double value) override { return onward([&](auto& to) { return to.echoDouble(value); }); }
  void echoBinary(string& out, const string& value) override { onward([&](auto& to) { to.echoBinary(out, value); }); }
  Colour::type echoColour(const Colour::type value) override { return onward([&](auto& to) { return to.echoColour(value); }); }
  void echoScalars(Scalars& out, const Scalars& value) override { onward([&](auto& to) { to.echoScalars(out, value); }); }
  void echoContainers(Containers& out, const Containers& value) override { onward([&](auto& to) { to.echoContainers(out, value); }); }
  void echoChoice(Choice& out, const Choice& value) override { onward([&](auto& to) { to.echoChoice(out, value); }); }
  void echoPresence(Presence& out, const Presence& value) override { onward([&](auto& to) { to.echoPresence(out, value); }); }
  void join(string& out, const int8_t a, const int32_t b, const int64_t c, const string& d,
            const std::vector<string>& e) override {
    onward([&](auto& to) { to.join(out, a, b, c, d, e); });
  }
  void risk(string& out, const string& kind) override { onward([&](auto& to) { to.risk(out, kind); }); }
  void dare(const string& kind) override { onward([&](auto& to) { to.dare(kind); }); }
  void note(const string& text) override { onward([&](auto& to) { to.note(text); }); }
  void noted(string& out) override { onward([&](auto& to) { to.noted(out); }); }
  // Sends two requests before it reads, and asks at once for what a oneway call has done.
  int32_t sleep(const int32_t milliseconds) override {
    return onward([&](auto& to) {
      to.send_sleep(milliseconds);
      to.send_echoString("behind it");
      const int32_t slept = to.recv_sleep();
      string text;
      to.recv_echoString(text);
      if (text != "behind it") throw std::runtime_error("the replies are out of order: " + text);
      to.note("noted at once");
      to.noted(text);
      if (text != "noted at once") throw std::runtime_error("the oneway call has not ended: " + text);
      return slept;
    });
  }
};

// Says when the server listens, and where.
class Ready : public server::TServerEventHandler {
  shared_ptr<transport::TServerSocket> listener;

 public:
  explicit Ready(shared_ptr<transport::TServerSocket> socket) : listener(socket) {}
  void preServe() override {
    std::cout << "ready " << (has("unix") ? options["unix"] : std::to_string(listener->getPort())) << std::endl;
  }
};

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);
  for (int i = 1; i + 1 < count; i += 2) options[words[i] + 2] = words[i + 1];
  shared_ptr<transport::TServerSocket> listener;
  if (has("unix")) listener = make_shared<transport::TServerSocket>(options["unix"]);
  else if (has("tls")) {
    auto factory = make_shared<transport::TSSLSocketFactory>();
    factory->server(true);
    factory->loadCertificate((options["tls"] + "/server.pem").c_str());
    factory->loadPrivateKey((options["tls"] + "/server-key.pem").c_str());
    listener = make_shared<transport::TSSLServerSocket>("127.0.0.1", 0, factory);
  } else listener = make_shared<transport::TServerSocket>("127.0.0.1", 0);
  shared_ptr<EverythingIf> handler;
  if (has("upstream") || has("upstream-unix")) handler = make_shared<Relay>();
  else handler = make_shared<Local>();
  server::TThreadedServer server(make_shared<EverythingProcessor>(handler), listener, transports(), protocols());
  server.setServerEventHandler(make_shared<Ready>(listener));
  server.serve();
}
