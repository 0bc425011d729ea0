namespace * bench

struct EchoRequest {
  1: required string action,
  2: required string message,
}

struct EchoReply {
  1: required string action,
  2: required string message,
}

service Echo {
  EchoReply echo(1: EchoRequest request),
}
