struct Product {
  2: string skuNo
  1: string sku_no
}
