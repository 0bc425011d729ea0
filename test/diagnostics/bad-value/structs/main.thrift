struct Point {
  1: required i32 x
  2: i32 y
}

union U {
  1: i32 a
  2: i32 b
}

const Point A = {"x": 1, "yy": 2}
const Point B = {"y": "1"}
const Point C = {"x": 1, "x": 2}
const Point D = 5
const Point E = {x: 1}
const U F = {"a": 1, "b": 2}

struct Line {
  1: list<Point> points = [{"x": 1}, {}]
}
