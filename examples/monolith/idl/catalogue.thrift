struct Product {
  1: required string sku,
  2: required string name,
  3: required i32 cents,
}

exception UnknownProduct {
  1: required string sku,
}

service Catalogue {
  Product find(1: string sku) throws (1: UnknownProduct unknownProduct),
}
