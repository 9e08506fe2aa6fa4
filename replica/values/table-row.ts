/** One cell for each element of a list, in its order: a row that lacks one does not compile. */
export type TableRow<Order extends readonly unknown[], Cell> = { readonly [Index in keyof Order]: Cell };
