const i32 LIMIT = 10
const map<string, i32> SIZES = {"a": 1, "b": LIMIT}
const i32 KIND = 1
