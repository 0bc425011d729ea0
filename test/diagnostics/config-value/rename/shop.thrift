struct Product {
  1: string sku
}
