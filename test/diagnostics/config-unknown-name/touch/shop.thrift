struct Product {
  1: required string sku
}

service Shop {}
