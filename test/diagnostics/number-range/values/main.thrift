const byte A = 128
const i16 B = -32769
const i32 C = 0x80000000
const i64 D = 9223372036854775808
const i64 E = 99999999999999999999
const i32 F = 70000
const i16 G = F
