const set<i32> A = [1, 2, 1]
const map<string, i32> B = {"a": 1, "a": 2}
