namespace * golden.types

/** Every scalar type. */
struct Scalars {
  1: bool yes,
  2: byte tiny,
  3: i8 small,
  4: i16 medium,
  5: i32 large,
  6: i64 huge,
  7: double real,
  8: string text,
  9: binary bytes,
  10: uuid id,
}

enum Level {
  LOW,
  MIDDLE = 5,
  HIGH,
  BELOW = -3,
}

typedef string Name
typedef i64 Millis
typedef list<Name> Names
typedef Point Corner
typedef Corner Edge
typedef Level Grade
typedef map<Name, list<Point>> Paths

struct Point {
  1: required double x,
  2: required double y,
}

/** Containers of scalars. */
struct Containers {
  1: list<i32> numbers,
  2: set<string> words,
  3: set<i64> ids,
  4: set<Level> levels,
  5: map<string, i64> byText,
  6: map<uuid, bool> byId,
  7: map<i32, string> byNumber,
  8: map<i64, binary> byHuge,
  9: map<Level, double> byLevel,
  10: map<bool, string> byTruth,
  11: list<binary> blobs,
}

/** Containers of everything else. */
struct Nested {
  1: list<Point> points,
  2: set<Point> distinct,
  3: set<binary> blobs,
  4: set<list<i32>> lists,
  5: map<Point, string> byPoint,
  6: map<binary, Point> byBytes,
  7: map<list<string>, set<Point>> byList,
  8: list<list<list<i32>>> cube,
  9: map<string, map<i32, list<Point>>> deep,
  10: list<map<string, Shape>> shapes,
  11: Paths paths,
  12: Names names,
  13: list<Names> lines,
  14: map<Name, Millis> times,
}

/** All three ways of being there. */
struct Presence {
  1: required i32 a,
  2: optional i32 b,
  3: i32 c,
  4: required Point d,
  5: optional Point e,
  6: Point f,
  7: required list<Point> g,
  8: optional list<Point> h,
  9: list<Point> i,
  10: required Level j,
  11: optional Level k,
  12: Level l,
  13: optional Name m,
  14: required Names n,
  15: optional i32 o = 7,
  16: required i32 p = 8,
}

struct Defaults {
  1: bool yes = true,
  2: bool one = 1,
  3: i8 small = -128,
  4: i32 large = 0x10,
  5: i64 huge = 9223372036854775807,
  6: double real = 1.5e10,
  7: double whole = 3,
  8: string text = "it's \"quoted\"\n",
  9: binary bytes = "ab",
  10: Level level = Level.HIGH,
  11: Level byNumber = 5,
  12: Grade grade = Level.LOW,
  13: list<i32> numbers = [1, 2, 3],
  14: set<string> words = ["a", "b"],
  15: map<string, i32> byText = {"a": 1, "not-an-identifier": 2},
  16: map<i64, string> byHuge = {1: "one"},
  17: Point point = {"x": 1, "y": 2.5},
  18: list<Point> points = [{"x": 0, "y": 0}],
  19: Shape shape = {"name": "circle"},
  20: string constant = GREETING,
  21: list<string> empty = [],
  22: map<string, string> none = {},
  23: optional Millis maybe = 5,
  24: set<i32> noNumbers = [],
}

/** Either a point or a name. */
union Shape {
  1: Point point,
  /** By name. */
  2: Name name,
  3: list<Point> outline,
  4: Shape inner,
}

union One {
  1: string only,
}

struct Tree {
  1: string label,
  2: list<Tree> children,
  3: optional Tree parent,
  4: Tree twin,
}

struct Empty {}

exception NotFound {
  1: string message,
  2: required string id,
}

exception Plain {
}

exception Optional {
  1: optional string message,
  2: optional i32 code,
}

/** Names that Error has. */
exception Clashing {
  1: i32 message,
  2: string name,
  3: string stack,
  4: string cause,
  5: Point where,
}

typedef NotFound Gone

const bool YES = true
const i8 SMALL = -1
const i64 HUGE = -9223372036854775808
const double PI = 3.14159
const string GREETING = "hello"
const binary MAGIC = "volo"
const Name NAME = "typed"
const Millis SECOND = 1000
const Level LEVEL = Level.MIDDLE
const Level LEVEL_BY_NUMBER = 5
const list<i32> NUMBERS = [1, 2, 3]
const set<string> WORDS = ["one", "two"]
const set<binary> BLOBS = ["x"]
const map<i32, string> BY_NUMBER = {1: "one", 2: "two"}
const map<string, list<i32>> BY_TEXT = {"first": [1], "__proto__": [2]}
const map<Point, string> BY_POINT = {{"x": 0, "y": 0}: "origin"}
const Point ORIGIN = {"x": 0, "y": 0}
const Presence PRESENT = {"a": 1, "d": {"x": 1, "y": 2}, "g": [], "j": Level.LOW, "n": ["x"], "p": 1}
const Shape SHAPE = {"point": {"x": 1, "y": 1}}
const string COPY = GREETING
const Gone GONE = {"message": "gone", "id": "7"}
union Nothing {}
service Odd { Nothing get(1: Nothing x) }
