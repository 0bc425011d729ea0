namespace cpp interop
namespace go interop
namespace py interop
namespace rs interop

enum Colour {
  RED = 1,
  GREEN = 2,
  BLUE = 5,
}

typedef i64 UserId

/** Every scalar there is in all of Apache Thrift 0.17, Kitex and Volo. */
struct Scalars {
  1: bool truth,
  2: i8 tiny,
  3: i16 small,
  4: i32 medium,
  5: i64 large,
  6: double real,
  7: string text,
  8: binary data,
  9: Colour colour,
  10: UserId user,
}

/** Every container, nested in each other, and empty ones. */
struct Containers {
  1: list<i32> numbers,
  2: set<string> words,
  3: map<string, i64> counts,
  4: list<Scalars> scalars,
  5: map<i32, list<string>> lists,
  6: list<list<bool>> truths,
  7: map<Colour, Scalars> colours,
  8: set<i64> ids,
  9: list<binary> blobs,
  10: list<i8> bytes,
  11: map<string, map<string, i32>> maps,
  12: list<map<i16, double>> reals,
}

union Choice {
  1: string text,
  2: i32 number,
  3: Scalars scalars,
}

struct Presence {
  1: required string always,
  2: optional string maybe,
  3: i32 usual = 7,
  4: optional list<Presence> inner,
  2000: optional bool far,
}

exception Refused {
  1: i32 code,
  2: string reason,
}

exception Busy {
  1: i64 retryMs,
  2: Scalars detail,
}

service Everything {
  void nothing(),
  string echoString(1: string value),
  bool echoBool(1: bool value),
  i8 echoByte(1: i8 value),
  i16 echoShort(1: i16 value),
  i32 echoInt(1: i32 value),
  i64 echoLong(1: i64 value),
  double echoDouble(1: double value),
  binary echoBinary(1: binary value),
  Colour echoColour(1: Colour value),
  Scalars echoScalars(1: Scalars value),
  Containers echoContainers(1: Containers value),
  Choice echoChoice(1: Choice value),
  Presence echoPresence(1: Presence value),
  /** text of all arguments, joined by commas. */
  string join(1: i8 a, 2: i32 b, 3: i64 c, 4: string d, 5: list<string> e),
  /** `refused`, `busy`, `bug`, else the value again. */
  string risk(1: string kind) throws (1: Refused refused, 2: Busy busy),
  /** The same without a result. */
  void dare(1: string kind) throws (1: Refused refused),
  oneway void note(1: string text),
  /** What `note` was told last. */
  string noted(),
  /** Answers after so many milliseconds. */
  i32 sleep(1: i32 milliseconds),
}

/** What CloudWeGo's headers carry. */
service Cloud {
  /** Fails as a BizError of this status and message, with `extra` k=v. */
  string biz(1: i32 status, 2: string message),
  /** What arrived: `p`, the persistent entry P; `t`, the transient entry T; `caller`; and sends back B=`back`. */
  map<string, string> metainfo(),
  /** Milliseconds left as the server sees them, -1 without a deadline. */
  i64 remaining(),
}
