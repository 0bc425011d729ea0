struct Product {
<<<<<<< HEAD
  1: string sku
=======
  1: string code
>>>>>>> feature
}
