const list<i32> A = [1, "2", 3.0]
const map<string, i32> B = {"a": 1, 2: "b"}
const list<i32> D = {"a": 1}
const map<string, i32> E = [1]
const list<string> F = ["a"]
const list<i32> G = F
