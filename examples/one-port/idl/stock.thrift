/** Stock of a warehouse, as old callers know it. */

exception OutOfStock {
  1: required string sku,
  2: required i32 left,
}

service Stock {
  /** Adds pieces and gives the level after it. */
  i32 put(1: string sku, 2: i32 count),
  /** Takes pieces away and gives the level after it. */
  i32 take(1: string sku, 2: i32 count) throws (1: OutOfStock outOfStock),
}
