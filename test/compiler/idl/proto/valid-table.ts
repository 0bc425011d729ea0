/** Valid .proto files that exercise each construct at least once. */

/** Name to text. All may import each other by name, and the google protos. */
export const validProtos: Readonly<Record<string, string>> = {
  'proto2.proto': `// Detached.

// The syntax.
syntax = "proto2"; // after the syntax
package t.two;
import "google/protobuf/descriptor.proto";
import public "proto3.proto";
import weak "empty.proto";

/* Detached
 * block. */

/**
 * A message.
 */
message Two { // trailing of Two

  // Detached in Two.

  // Leading of a.
  required int32 a = 1; // trailing of a
  optional string b = 2 [default = "x\\n\\001\\x7f\\"q\\u00e9" 'tail', (fopt) = { i: 1, s: "a" "b", rep: [1, 2], sub { i: -3 }, [t.two.ext_opt]: 4 }];
  // Between, nobody's by blank line.

  repeated fixed64 c = 3 [packed = true, deprecated = true];
  optional group Grp = 4 { // trailing of Grp
    optional bool x = 1;
    repeated group Inner = 2 { optional int32 y = 1; }
  }
  optional double inf = 5 [default = inf];
  optional double ninf = 6 [default = -inf];
  optional float nan = 7 [default = nan];
  optional uint64 big = 8 [default = 0xFFFFFFFFFFFFFFFF];
  optional int64 small = 9 [default = -9223372036854775808];
  optional int32 oct = 10 [default = -0777];
  optional bytes raw = 11 [default = "\\000\\377\\x80a\\\\\\'"];
  optional E e = 12 [default = E_B];
  optional float tiny = 13 [default = 1.5e-3];
  optional bool flag = 14 [default = true];
  oneof choice {
    // Leading of m.
    Two m = 15;
    group Og = 16 { optional int32 z = 1; }
    string s = 17 [json_name = "ess"];
  } /* trailing of what? */
  map<sint32, Two.E> by_number = 18;
  enum E { option allow_alias = true; E_ZERO = 0; E_A = -1; E_B = 0x10; E_C = 16; reserved 5, 7 to 9, -100 to -50, 1000 to max; reserved "E_OLD"; }
  reserved 50, 60 to 70;
  reserved "old", 'older';
  extensions 100 to 199, 500;
  extensions 1000 to max [(ropt) = "r"];
  extend Two { optional string nested_ext = 100; }
  optional .t.two.Two self = 19;
  optional t.three.Three other = 20;
  ;
}
extend Two {
  // Leading of top_ext.
  repeated int32 top_ext = 101 [packed = true];
  optional group ExtGroup = 102 { optional int32 g = 1; }
}
message Opt { optional int32 i = 1; optional string s = 2; repeated int32 rep = 3; optional Opt sub = 4; extensions 10 to 20; }
extend Opt { optional int32 ext_opt = 10; }
extend google.protobuf.FieldOptions { optional Opt fopt = 50000; }
extend google.protobuf.ExtensionRangeOptions { optional string ropt = 50000; }
extend google.protobuf.FileOptions { repeated Opt fileopt = 50000; optional float num = 50001; optional Two.E en = 50002; optional bytes by = 50003; }
option (fileopt) = { i: 1 };
option (fileopt) = { sub: < i: 2; sub: { } > rep: 1 rep: 2 };
option (num) = -1;
option (t.two.en) = E_A;
option (.t.two.by) = "\\377";
option java_package = "x";
option optimize_for = CODE_SIZE;
message Set { option message_set_wire_format = true; extensions 4 to max; }
`,
  'proto3.proto': `syntax = 'proto3';
package t.three;
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Three {
  optional int32 opt = 1;
  int32 plain = 2;
  repeated int32 packed = 3;
  repeated int32 unpacked = 4 [packed = false];
  repeated string strings = 5;
  repeated Kind kinds = 6;
  map<string, Three> children = 7;
  map<bool, bytes> blobs = 8;
  oneof which { google.protobuf.Any any = 9; google.protobuf.Value value = 10; }
  google.protobuf.Timestamp at = 11;
  google.protobuf.Int64Value wrapped = 12;
  optional Three rec = 13;
  Deep.Deeper.Deepest deepest = 14;
  message Deep { message Deeper { message Deepest { Kind k = 1; Deeper up = 2; three.Three far = 3; } } }
  int32 message = 15; int32 repeated = 16; int32 rpc = 17; int32 to = 18; int32 max = 19; int32 _lead = 20; int32 trail_ = 21; int32 a__b = 22; int32 URL_id2 = 23;
}
enum Kind { KIND_UNKNOWN = 0; KIND_ONE = 1 [deprecated = true]; KIND_NEG = -5; }
`,
  'service.proto': `syntax = "proto3";
// The package.
package t.svc;
import "google/api/annotations.proto";
import "google/protobuf/empty.proto";
import "proto2.proto";
// A service.
service Svc { // trailing of Svc
  option deprecated = true;
  // Unary.
  rpc Unary (google.protobuf.Empty) returns (three.Three); // after Unary
  rpc Up (stream three.Three) returns (.t.three.Three) {}
  rpc Down (google.protobuf.Empty) returns (stream .t.three.Three) { // after Down
    option (google.api.http) = { get: "/v1/{name=x/*}" additional_bindings { post: "/y" body: "*" } };
    option idempotency_level = NO_SIDE_EFFECTS;
    ;
  }
  rpc Both(stream google.protobuf.Empty) returns(stream google.protobuf.Empty);
  ;
};
`,
  'edition2026.proto': `edition = "2026";
package t.e26;
import option "google/protobuf/java_features.proto";
import option "google/protobuf/go_features.proto";
import option "google/protobuf/cpp_features.proto";
import option "google/protobuf/json_options.proto";
option features.(pb.java).large_enum = true;
option features.(pb.go).api_level = API_OPAQUE;
option features.(pb.cpp).string_type = VIEW;
// Local to this file.
message Item { Item parent = 1; Space.Color color = 2; repeated int32 counts = 3 [features.repeated_field_encoding = EXPANDED]; }
export message Cart { Item item = 1; string owner = 2 [features.field_presence = IMPLICIT]; string has_owner = 3 [features.enforce_naming_style = STYLE2024]; }
local message Space { export enum Color { COLOR_UNKNOWN = 0; COLOR_RED = 1; } reserved 1 to max; }
`,
  'pilota-user.proto': `syntax = "proto3";
package t.rust;
import "pilota.proto";
message M { option (pilota.name_message) = "N"; string s = 1 [(pilota.rust_type) = "FastStr"]; }
`,
  'empty.proto': '',
  'comment.proto': `syntax = "proto3";

// One.
// Two.

/* Block of A. */
message A {
  /* before x */ int32 x = 1; /* after x */
  int32 y = 2; // after y
  // leading of z
  int32 z = 3;
  // nobody's

  /* one */ /* two */
  int32 w = 4; /* w
  over lines */
  int32 v = 5; /* same line */ int32 u = 6;
  // at the end of A
}
// after A
message B {} // trailing of B?
/* between */ message C {}

// last of the file
`,
}
