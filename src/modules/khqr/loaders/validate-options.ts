import type { LoaderOptions } from "@medusajs/framework/types"

import { parseOptions } from "../options"

/** Services are built at first use; a faulty configuration is to stop the boot. */
export default async function validateOptions({
  options,
}: LoaderOptions): Promise<void> {
  parseOptions(options)
}
