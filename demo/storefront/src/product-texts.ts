import type { Product } from "./store"
import type { Locale } from "./texts"

/** Khmer titles and descriptions are in the product's metadata. */
export function titleOf(product: Product, locale: Locale): string {
  return khmer(product, "title_km", locale) ?? product.title
}

export function descriptionOf(product: Product, locale: Locale): string {
  return khmer(product, "description_km", locale) ?? product.description ?? ""
}

/** The shop's own drawing of a product, by its handle. */
export function pictureOf(handle: string | null | undefined): string {
  return `/products/${handle}.svg`
}

function khmer(
  product: Product,
  key: string,
  locale: Locale
): string | undefined {
  const text = product.metadata?.[key]
  return locale === "km" && typeof text === "string" ? text : undefined
}
