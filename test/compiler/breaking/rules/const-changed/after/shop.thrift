const i32 LIMIT = 20
const map<string, i32> SIZES = {"b": LIMIT, "a": 1}
const string KIND = "1"
