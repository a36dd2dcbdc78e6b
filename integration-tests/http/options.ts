import {
  parseOptions,
  type KhqrPluginOptions,
} from "../../src/modules/khqr/options"
import type { World } from "./world"

/**
 * As if the shop had been started with these options as well: every one of them
 * is read when it is needed.
 *
 * @returns takes them back
 */
export function startWith(
  world: World,
  changes: Partial<KhqrPluginOptions>
): () => void {
  const { options } = world.khqr
  const before = { ...options }
  const restore = () => void Object.assign(options, before)
  const { merchant, bakong } = before
  Object.assign(options, parseOptions({ merchant, bakong, ...changes }))
  return restore
}
