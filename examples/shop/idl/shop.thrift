/**
 * A small web shop: a catalogue, carts and orders.
 */
include "common/money.thrift"

namespace * shop

/** How many items a page of the catalogue holds at most. */
const i32 MAX_PAGE_SIZE = 100

/** Sizes a parcel can have, with the centimetres of the longest side. */
const map<string, i32> PARCEL_SIZES = { "small": 30, "medium": 60, "large": 120 }

typedef string Sku

enum Category {
  BOOKS = 1,
  GAMES = 2,
  TOOLS = 3,
  /** Nothing else fits. */
  OTHER = 99,
}

/** Something the shop sells. */
struct Product {
  1: required Sku sku,
  2: required string title,
  3: money.Money price,
  4: Category category = Category.OTHER,
  5: optional string description,
  /** Free text to find it by. */
  6: set<string> tags,
  /** What the maker says, by name: `{"weight": "1.2 kg"}`. */
  7: map<string, string> attributes,
  8: optional binary thumbnail,
  9: double rating = 0.0,
}

struct CartLine {
  1: required Sku sku,
  2: i32 quantity = 1,
}

struct Cart {
  1: required i64 customerId,
  2: required list<CartLine> lines,
  3: optional string voucher,
}

struct Card {
  1: required string number,
  2: required i16 expiryMonth,
  3: required i16 expiryYear,
}

struct Transfer {
  1: required string iban,
}

/** Exactly one way to pay. */
union Payment {
  1: Card card,
  2: Transfer transfer,
  3: money.Money voucher,
}

struct Order {
  1: required i64 id,
  2: required Cart cart,
  3: required money.Money total,
  4: money.Timestamp placedAt,
  5: bool express = false,
}

/** Some lines of a cart can't be delivered. */
exception OutOfStock {
  1: string message,
  2: required list<Sku> skus,
}

exception PaymentDeclined {
  1: required string reason,
  2: i32 attemptsLeft = 3,
}

struct Page {
  1: list<Product> products,
  /** Hand it to the next call; absent on the last page. */
  2: optional string next,
}

/** What every service of the shop can do. */
service Base {
  /** Answers with the version that runs. */
  string version(),
}

/** The shop. */
service Shop extends Base {
  /** One page of the catalogue. */
  Page listProducts(1: optional Category category, 2: i32 pageSize = 20, 3: optional string after),

  Product getProduct(1: Sku sku) throws (1: OutOfStock gone),

  /** Buys what the cart holds. */
  Order checkout(1: Cart cart, 2: Payment payment) throws (
    1: OutOfStock outOfStock,
    2: PaymentDeclined declined,
  ),

  map<i64, Order> ordersById(1: set<i64> ids),

  void rate(1: Sku sku, 2: byte stars),

  /** Tells the statistics that a customer looked at something; nobody waits for it. */
  oneway void viewed(1: i64 customerId, 2: Sku sku),
}
