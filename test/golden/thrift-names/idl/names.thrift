include "other.thrift"

/** Names that are words of JavaScript, globals, or taken by what is generated. */
struct Map {
  1: string constructor,
  2: string toString,
  3: string hasOwnProperty,
  4: string __proto__,
  5: string then,
  6: string class,
  7: optional string valueOf,
  8: string snake_case,
  9: string camelCase,
  10: string prototype,
}

struct Error { 1: Map_ map }
struct Map_ { 1: set<string> Set, 2: map<i32, Map> Record }
struct any { 1: string m }
struct m { 1: string w }
struct Context { 1: string id }
struct CallOptions { 1: string id }
struct ThriftStruct { 1: string id }

struct Cart { 1: string id }
struct CartInput { 1: Cart cart }
struct CartInputInput { 1: CartInput input }
struct encodeCart { 1: Cart cart }
struct ShopClient { 1: string id }
struct Shop_buy_args { 1: string id }

/** A name that other.thrift has, too. */
struct Money { 1: other.Money theirs, 2: other.Color color = other.Color.RED, 3: other.default_ reserved }

enum Word { default, class, __proto__, constructor, NaN }

exception constructor { 1: string constructor }

service Shop {
  Money buy(1: Cart default, 2: Context cx, 3: CallOptions options, 4: string this),
  void then(1: i32 arguments),
  void constructor() throws (1: constructor await),
  string toString(1: string class),
}
