include "shared.thrift"
struct Numbers { 1: required i64 a, 2: i64 b = 5, 3: map<i64, i64> c = {1: 2}, 4: list<i64> d, 5: set<i64> e, 6: binary f, 7: optional shared.Id g, 8: optional shared.Mode mode = shared.Mode.OFF }
union Either { 1: i64 number, 2: string text }
exception Wrong { 1: i64 code, 2: string message }
const i64 LIMIT = 9223372036854775807
service Counter { i64 count(1: i64 from) throws (1: Wrong wrong) }
