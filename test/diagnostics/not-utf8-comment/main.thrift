// Geschäft und Größe.
struct Product {
  1: string sku
}
