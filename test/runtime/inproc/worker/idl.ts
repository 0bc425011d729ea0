/** The IDL that the threads of these tests speak. */

export const depotIdl = `
struct Item {
  1: required string name
  2: optional binary data
  3: map<string, i32> counts
  4: set<string> tags
  5: i32 n = 7
  6: list<Item> children
  7: map<i64, string> names
  8: optional Choice choice
}
union Choice { 1: string text, 2: Item item, 3: map<string, string> words }
exception Sold { 1: string message, 2: required list<string> skus, 3: i32 left = 3 }
struct Blame { 1: required Sold sold }
service Depot {
  Item echo(1: Item item)
  /** Fields the handler sees, as JSON. */
  string look(1: Item a, 2: Item b)
  void nothing()
  string run(1: string what, 2: i32 ms)
  void fail(1: string how) throws (1: Sold sold)
  binary flip(1: binary data, 2: bool moved)
  oneway void note(1: string text)
  list<string> notes()
  string context()
  Blame blame(1: Blame blame)
}
service Stranger { void hello() }
`

export const relayIdl = `
syntax = "proto3";
package relay;
message Chunk { int32 n = 1; bytes data = 2; map<string, string> labels = 3; oneof body { string text = 4; Chunk inner = 5; } }
message Sum { int64 total = 1; int32 count = 2; }
service Relay {
  rpc Get(Chunk) returns (Chunk);
  rpc List(Chunk) returns (stream Chunk);
  rpc Collect(stream Chunk) returns (Sum);
  rpc Chat(stream Chunk) returns (stream Chunk);
  rpc Progress(Chunk) returns (Sum);
}
`
