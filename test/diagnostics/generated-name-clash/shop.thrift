struct Product {
  1: string sku
  2: string title
}
