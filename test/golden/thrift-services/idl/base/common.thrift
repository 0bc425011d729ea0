/** Things of all services. */

exception Busy { 1: i32 retryAfter }

struct Ping { 1: string text }

service Root {
  string version(),
}

service Common extends Root {
  Ping ping(1: Ping ping) throws (1: Busy busy),
}
