struct Money {
  1: required i64 units
  2: required string currency
}

const Money FREE = {"currency": "EUR"}

struct Price {
  1: required Money net
  2: required list<Money> parts
}

const Price NOTHING = {}
