namespace * shop.common

/** ISO 4217 currencies the shop takes. */
enum Currency {
  EUR = 978,
  USD = 840,
  JPY = 392,
}

/** An amount in the smallest unit of its currency. */
struct Money {
  1: required i64 amount,
  2: Currency currency = Currency.EUR,
}

/** Milliseconds since 1970-01-01 UTC. */
typedef i64 Timestamp
